#pragma once

#include "sim/time.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

/// What is left in a battery at some moment.
struct Charge {
  Joules left{};
  SimTime at{};
};

/// A battery and the habits of its owner, who plugs the charger in at the same time every day.
struct BatteryUse {
  Joules capacity{};
  Watts drain{};      // what the owner's own use takes while unplugged; a device does without while it charges
  Watts charger{};    // what the charger gives: to what the device draws first, the rest to the battery
  Seconds plug_in{};  // local time of day, 0 to 24 h; from then until `unplug` it charges
  Seconds unplug{};   // not later than `plug_in`: on the next day. Equal: never plugged in. 0 to 24 h: always
  Seconds clock{};    // local time of day at the start of the run
};

/// Whether the charger is plugged in. From the tick of `plug_in` to the one before that of `unplug`.
[[nodiscard]] bool plugged(const BatteryUse& use, SimTime at);

/// What is left at `later`, not before the charge was taken, when the device does nothing for the run in between: it
/// falls by `drain` while unplugged and rises by `charger` while plugged, and stays within 0 and the capacity. In a
/// time that does not grow with the days in between.
[[nodiscard]] Charge charge_at(const BatteryUse& use, Charge charge, SimTime later);

/// The same while the whole device draws `draw`: it falls by that while unplugged, and changes by `charger` - `draw`
/// while plugged.
[[nodiscard]] Charge charge_drawing(const BatteryUse& use, Charge charge, Watts draw, SimTime later);

/// When a device that draws `draw` from now on runs flat, or SimTime::never() when it does not before `until`. It
/// never does while a charger is plugged in that gives as much as it draws.
[[nodiscard]] SimTime runs_flat(const BatteryUse& use, Charge charge, Watts draw, SimTime until);

}  // namespace edgefuse::sim
