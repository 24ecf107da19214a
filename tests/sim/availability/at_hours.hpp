#pragma once

#include <cstdint>
#include <ostream>

#include "sim/availability/availability.hpp"

namespace edgefuse::sim {

/// The instant so many hours after the start; `hours` times 3.6e12 is a whole number.
inline SimTime at_hours(double hours) {
  return SimTime{static_cast<std::int64_t>(hours * 3.6e12)};
}

inline bool operator==(const Presence& a, const Presence& b) {
  return a.there == b.there && a.until == b.until;
}

/// For messages of tests.
inline void PrintTo(const Presence& presence, std::ostream* out) {
  *out << (presence.there ? "there" : "away") << " until ";
  if (presence.until == SimTime::never())
    *out << "never";
  else
    *out << static_cast<double>(presence.until.nanoseconds) / 3.6e12 << " h";
}

inline Presence there_until(double hours) {
  return {.there = true, .until = at_hours(hours)};
}
inline Presence away_until(double hours) {
  return {.there = false, .until = at_hours(hours)};
}

}  // namespace edgefuse::sim
