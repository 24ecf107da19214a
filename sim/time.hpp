#pragma once

#include <compare>
#include <cstdint>
#include <limits>

#include "sim/units.hpp"

namespace edgefuse {

/// A point of virtual time: whole nanoseconds since the start of the run, so 292 years are exact and no sum depends on
/// its order. What takes a real number of seconds completes at the next tick (`after` rounds up, by at least one).
struct SimTime {
  std::int64_t nanoseconds{};

  /// Later than anything that happens.
  [[nodiscard]] static constexpr SimTime never() { return {std::numeric_limits<std::int64_t>::max()}; }

  friend constexpr auto operator<=>(SimTime, SimTime) = default;

  [[nodiscard]] constexpr Seconds since(SimTime earlier) const {
    return Seconds{static_cast<double>(nanoseconds - earlier.nanoseconds) * 1e-9};
  }
  [[nodiscard]] constexpr Seconds since_start() const { return since(SimTime{}); }
};

/// The tick at which something begun at `start` and lasting `duration` is complete.
/// Throws InputError when the duration is not finite, negative, or passes the year 292.
[[nodiscard]] SimTime after(SimTime start, Seconds duration);

}  // namespace edgefuse
