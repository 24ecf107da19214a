#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "clients/course.hpp"
#include "clients/fleet.hpp"
#include "clients/mishaps.hpp"
#include "sim/availability/availability.hpp"
#include "sim/battery.hpp"
#include "sim/rate_trace.hpp"
#include "sim/throttled.hpp"

namespace edgefuse::clients {

/// How batteries are used; those of a device class that has none are not.
struct BatteryHabits {
  double least = 0;  // share of its capacity below which a client does not start unless it is plugged in
  Watts drain{};
  Watts charger{};
  Seconds plug_in{};  // local time of day, which the run begins at 0 of
  Seconds unplug{};
};

struct ConditionsSpec {
  std::uint64_t seed = 0;
  /// For each group of the fleet, never null.
  std::vector<std::unique_ptr<sim::Availability>> availability{};
  /// For each group; nothing where rates are constant.
  std::vector<std::optional<sim::RateTraces>> traces{};
  MishapRates mishaps{};
  std::optional<BatteryHabits> battery{};
};

/// What the world does to clients: who is there, how fast links are, what slows devices down or stops them. Warmth and
/// charge are remembered from one participation to the next; all else is looked up from the seed (docs/models/time.md).
class Conditions {
 public:
  /// For this fleet: the one that every call is about.
  Conditions(const Fleet& fleet, ConditionsSpec spec);

  /// Whether a client is there with enough charge to start. Where charge is what it lacks, `until` is when it will be
  /// plugged in.
  [[nodiscard]] sim::Presence presence(const Fleet& fleet, std::uint32_t client, SimTime at) const;
  /// The client's own link.
  [[nodiscard]] PathSpan path(const Fleet& fleet, std::uint32_t client, SimTime at) const;
  /// The same on the average, as a client plans with it.
  [[nodiscard]] sim::Link expected_link(const Fleet& fleet, std::uint32_t client) const;

  /// How training comes about that takes `work` on the undisturbed, cool device and begins at `at`.
  [[nodiscard]] Course course(const Fleet& fleet, std::uint32_t client, std::int64_t invitation, Seconds work,
                              SimTime at) const;
  /// A client has computed for `elapsed`, up to `now`.
  void computed(const Fleet& fleet, std::uint32_t client, Seconds elapsed, SimTime now);
  /// A client has drawn `energy` for transfers, up to `now`.
  void transferred(const Fleet& fleet, std::uint32_t client, Joules energy, SimTime now);

 private:
  [[nodiscard]] std::optional<sim::BatteryUse> battery(const Fleet& fleet, std::uint32_t client) const;
  [[nodiscard]] sim::Charge charge(std::uint32_t client, const sim::BatteryUse& use, SimTime at) const;

  ConditionsSpec spec_;
  std::vector<sim::Warmth> warmth_;  // of every client, or empty where no device throttles
  std::vector<sim::Charge> charge_;  // of every client, below 0 before it was first drawn; empty without batteries
};

}  // namespace edgefuse::clients
