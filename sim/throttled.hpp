#pragma once

#include <algorithm>

#include "sim/device.hpp"
#include "sim/expects.hpp"
#include "sim/time.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

/// How warm a device was at some moment, in seconds of work since it was cool. A bucket that leaks: work fills it by a
/// second each second, rest empties it at the same pace, and it holds `Throttling::after` at most, because whoever
/// throttles stays as warm as it is.
struct Warmth {
  Seconds worked{};
  SimTime at{};
};

/// What is left of it after resting until `now`, which is not before it was taken.
[[nodiscard]] inline Seconds cooled(const Warmth& was, SimTime now) {
  EDGEFUSE_EXPECTS(now >= was.at, "a device cools after it worked");
  return std::max(Seconds{}, was.worked - now.since(was.at));
}

/// How warm a device is that had `warmth` and has worked for `elapsed`, slowed down or not.
[[nodiscard]] inline Seconds warmed(const Throttling& throttling, Seconds warmth, Seconds elapsed) {
  return std::min(throttling.after, warmth + elapsed);
}

/// How long a device of that warmth takes for what takes `work` at full speed: it runs at full speed until it is warm
/// as `after`, and at the share `speed` from then on.
[[nodiscard]] inline Seconds computing_time(const Throttling& throttling, Seconds warmth, Seconds work) {
  const Seconds at_full_speed = std::clamp(throttling.after - warmth, Seconds{}, work);
  return at_full_speed + (work - at_full_speed) / throttling.speed;
}

/// The opposite: how much of the work, in seconds at full speed, is done after `elapsed`.
[[nodiscard]] inline Seconds work_done(const Throttling& throttling, Seconds warmth, Seconds elapsed) {
  const Seconds at_full_speed = std::clamp(throttling.after - warmth, Seconds{}, elapsed);
  return at_full_speed + throttling.speed * (elapsed - at_full_speed);
}

}  // namespace edgefuse::sim
