#include "sim/battery.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "sim/expects.hpp"

namespace edgefuse::sim {
namespace {

constexpr std::int64_t day = 86'400'000'000'000;  // ns

struct Rates {
  Watts plugged;
  Watts unplugged;
};

/// What is left of the present stay at the charger or away from it.
struct Stay {
  bool plugged;
  std::int64_t lasts;  // ns
};

std::int64_t ticks(Seconds duration) {
  return std::llround(duration.value * 1e9);
}

std::int64_t modulo_day(std::int64_t time) {
  return (time % day + day) % day;
}

Stay stay(const BatteryUse& use, SimTime at) {
  auto plugged_for = ticks(use.unplug) - ticks(use.plug_in);
  if (plugged_for < 0) plugged_for += day;
  const auto since_plug_in = modulo_day(at.nanoseconds % day + ticks(use.clock) - ticks(use.plug_in));
  if (since_plug_in < plugged_for) return {true, plugged_for - since_plug_in};
  return {false, day - since_plug_in};
}

/// What some stretch of time makes of a charge: c becomes clamp(c + shift, least, most). Time at one rate does that
/// with least = 0 and most = capacity, and one such stretch after another does it too, so a day does.
struct Course {
  Joules shift{};
  Joules least{};
  Joules most{};

  Joules operator()(Joules left) const { return std::clamp(left + shift, least, most); }

  [[nodiscard]] Course then(const Course& next) const { return {shift + next.shift, next(least), next(most)}; }

  /// The same course `times` over, 1 or more, in closed form: by induction over
  /// clamp(clamp(c + n·s, l, m) + s, least, most) = clamp(c + (n + 1)·s, clamp(l + s, least, most), ...), where both
  /// bounds move one way only, so the n-th is clamp(bound + (n - 1)·s, least, most).
  [[nodiscard]] Course repeated(std::int64_t times) const {
    const Joules moved = static_cast<double>(times - 1) * shift;
    return {static_cast<double>(times) * shift, std::clamp(least + moved, least, most),
            std::clamp(most + moved, least, most)};
  }
};

/// Walks from stay to stay, at most three in a day.
Course course(const BatteryUse& use, Rates rates, SimTime from, std::int64_t lasts) {
  Course made{Joules{}, Joules{}, use.capacity};
  while (lasts > 0) {
    const auto now = stay(use, from);
    const SimTime end{from.nanoseconds + std::min(now.lasts, lasts)};
    made = made.then({(now.plugged ? rates.plugged : rates.unplugged) * end.since(from), Joules{}, use.capacity});
    lasts -= end.nanoseconds - from.nanoseconds;
    from = end;
  }
  return made;
}

Joules left_at(const BatteryUse& use, Rates rates, Charge charge, SimTime later) {
  const auto lasts = later.nanoseconds - charge.at.nanoseconds;
  const auto days = lasts / day;
  Joules left = charge.left;
  if (days > 0) left = course(use, rates, charge.at, day).repeated(days)(left);
  // After whole days it is the same time of day.
  return course(use, rates, charge.at, lasts % day)(left);
}

/// When the charge is spent within the day that begins with it.
std::optional<SimTime> flat_within_a_day(const BatteryUse& use, Rates rates, Charge charge) {
  for (std::int64_t lasts = day; lasts > 0;) {
    const auto now = stay(use, charge.at);
    const Watts rate = now.plugged ? rates.plugged : rates.unplugged;
    const SimTime end{charge.at.nanoseconds + std::min(now.lasts, lasts)};
    const Joules change = rate * end.since(charge.at);
    if (rate < Watts{} && charge.left + change <= Joules{}) return after(charge.at, charge.left / (-1.0 * rate));
    lasts -= end.nanoseconds - charge.at.nanoseconds;
    charge = {std::min(charge.left + change, use.capacity), end};
  }
  return std::nullopt;
}

Charge charge_with(const BatteryUse& use, Rates rates, Charge charge, SimTime later) {
  EDGEFUSE_EXPECTS(later >= charge.at, "a charge is carried forward in time");
  return {left_at(use, rates, charge, later), later};
}

}  // namespace

bool plugged(const BatteryUse& use, SimTime at) {
  return stay(use, at).plugged;
}

Charge charge_at(const BatteryUse& use, Charge charge, SimTime later) {
  return charge_with(use, {.plugged = use.charger, .unplugged = -1.0 * use.drain}, charge, later);
}

Charge charge_drawing(const BatteryUse& use, Charge charge, Watts draw, SimTime later) {
  return charge_with(use, {.plugged = use.charger - draw, .unplugged = -1.0 * draw}, charge, later);
}

SimTime runs_flat(const BatteryUse& use, Charge charge, Watts draw, SimTime until) {
  EDGEFUSE_EXPECTS(until >= charge.at, "a charge is carried forward in time");
  const Rates rates{.plugged = use.charger - draw, .unplugged = -1.0 * draw};
  const auto on_day = [&](std::int64_t n) -> std::optional<SimTime> {
    const SimTime begins{charge.at.nanoseconds + n * day};
    return flat_within_a_day(use, rates, {left_at(use, rates, charge, begins), begins});
  };
  const auto before = [&](std::optional<SimTime> flat) { return flat && *flat < until ? *flat : SimTime::never(); };
  const auto horizon = std::min(until.nanoseconds, SimTime::never().nanoseconds - 2 * day);
  std::int64_t early = 0;
  std::int64_t late = (horizon - charge.at.nanoseconds) / day;
  // A day never makes the smaller of two charges the larger one. So the charges that days begin with only fall or only
  // rise, and once there is a day in which the device would run flat, all days before it or all after it are such days.
  if (const auto flat = on_day(early); flat || !on_day(late)) return before(flat);
  while (late - early > 1) {
    const auto middle = early + (late - early) / 2;
    (on_day(middle) ? late : early) = middle;
  }
  return before(on_day(late));
}

}  // namespace edgefuse::sim
