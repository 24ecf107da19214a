#pragma once

#include <cstdint>

#include "sim/registry.hpp"
#include "sim/time.hpp"

namespace edgefuse::sim {

/// Whether a client is there at some moment, and when that changes next: SimTime::never() if it does not.
struct Presence {
  bool there = true;
  SimTime until = SimTime::never();
};

/// Plug-in point: when clients are there to take part. An idle client costs nothing: nothing happens when one comes or
/// goes, its presence is looked up when somebody asks.
class Availability {
 public:
  Availability() = default;
  Availability(const Availability&) = delete;
  Availability& operator=(const Availability&) = delete;
  virtual ~Availability() = default;

  /// A pure function of (seed, client, at), in the time of a search at most. `until` is later than `at`; there, the
  /// opposite holds.
  [[nodiscard]] virtual Presence presence(std::uint64_t seed, std::uint32_t client, SimTime at) const = 0;
};

/// Every model of availability, with its parameters. Those that read a file take its path, already located, as the
/// parameter "path", and throw InputError for what is wrong in it.
[[nodiscard]] Registry<Availability> availabilities();

}  // namespace edgefuse::sim
