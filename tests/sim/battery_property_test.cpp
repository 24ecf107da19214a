#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "sim/battery.hpp"
#include "sim/random.hpp"

namespace edgefuse::sim {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t step = 5 * second;

struct Case {
  BatteryUse use;
  Charge charge;
  Watts draw;
  SimTime later;

  [[nodiscard]] std::string text() const {
    return fmt::format("{} J of {} J at {} s, {} W, charger {} W from {} s to {} s, clock {} s, until {} s",
                       charge.left.value, use.capacity.value, charge.at.since_start().value, draw.value,
                       use.charger.value, use.plug_in.value, use.unplug.value, use.clock.value,
                       later.since_start().value);
  }
};

/// Times are multiples of the step, so the Euler steps below never straddle a plugging.
Seconds time_of_day(Draws& draws) {
  return Seconds{5.0 * static_cast<double>(draws.below(17280))};
}

Case drawn(std::uint32_t number) {
  Draws draws{{.seed = 20260728, .client = number}};
  Case c;
  c.use = {.capacity = Joules{2e4 + 6e4 * draws.uniform()},
           .drain = Watts{0.1 + draws.uniform()},
           .charger = Watts{6 * draws.uniform()},
           .plug_in = time_of_day(draws),
           .unplug = time_of_day(draws),
           .clock = time_of_day(draws)};
  c.charge = {draws.uniform() * c.use.capacity, SimTime{step * static_cast<std::int64_t>(draws.below(40000))}};
  c.draw = Watts{4 * draws.uniform()};
  c.later = SimTime{c.charge.at.nanoseconds + step * static_cast<std::int64_t>(draws.below(9 * 17280))};
  return c;
}

/// Looks at the time of day in each small step.
struct Euler {
  Joules left;
  SimTime flat = SimTime::never();
};

Euler euler(const Case& c, Watts plugged_rate, Watts unplugged_rate) {
  Euler made{c.charge.left};
  const auto day = 86400.0;
  for (auto now = c.charge.at.nanoseconds; now < c.later.nanoseconds; now += step) {
    const double clock = std::fmod(static_cast<double>(now) * 1e-9 + c.use.clock.value, day);
    const bool wraps = c.use.unplug < c.use.plug_in;
    const bool after_plug_in = clock >= c.use.plug_in.value;
    const bool before_unplug = clock < c.use.unplug.value;
    const bool in = wraps ? after_plug_in || before_unplug : after_plug_in && before_unplug;
    const Watts rate = in ? plugged_rate : unplugged_rate;
    const Joules next = made.left + rate * Seconds{static_cast<double>(step) * 1e-9};
    if (rate < Watts{} && next < Joules{} && made.flat == SimTime::never()) made.flat = SimTime{now + step};
    made.left = std::clamp(next, Joules{}, c.use.capacity);
  }
  return made;
}

TEST(BatteryProperty, IdlesAsInSmallSteps) {
  for (std::uint32_t i = 0; i < 150; ++i) {
    const auto c = drawn(i);
    const auto left = charge_at(c.use, c.charge, c.later).left;
    EXPECT_NEAR(left.value, euler(c, c.use.charger, -1.0 * c.use.drain).left.value, 1e-5)
        << "case " << i << ": " << c.text();
  }
}

TEST(BatteryProperty, TrainsAsInSmallSteps) {
  for (std::uint32_t i = 150; i < 300; ++i) {
    const auto c = drawn(i);
    const auto left = charge_drawing(c.use, c.charge, c.draw, c.later).left;
    EXPECT_NEAR(left.value, euler(c, c.use.charger - c.draw, -1.0 * c.draw).left.value, 1e-5)
        << "case " << i << ": " << c.text();
  }
}

TEST(BatteryProperty, RunsFlatInTheSmallStepInWhichNothingIsLeft) {
  int flats = 0;
  for (std::uint32_t i = 300; i < 600; ++i) {
    const auto c = drawn(i);
    const auto at = runs_flat(c.use, c.charge, c.draw, c.later);
    const auto expected = euler(c, c.use.charger - c.draw, -1.0 * c.draw).flat;
    ASSERT_EQ(at == SimTime::never(), expected == SimTime::never()) << "case " << i << ": " << c.text();
    if (at == SimTime::never()) continue;
    ++flats;
    EXPECT_LE(at.nanoseconds, expected.nanoseconds) << "case " << i << ": " << c.text();
    EXPECT_GE(at.nanoseconds, expected.nanoseconds - step - 1000) << "case " << i << ": " << c.text();
  }
  EXPECT_GT(flats, 50) << "the cases must hold both kinds";
  EXPECT_LT(flats, 250) << "the cases must hold both kinds";
}

TEST(BatteryProperty, GoingInTwoStepsIsGoingInOne) {
  for (std::uint32_t i = 600; i < 900; ++i) {
    const auto c = drawn(i);
    const SimTime halfway{c.charge.at.nanoseconds + (c.later.nanoseconds - c.charge.at.nanoseconds) / 3};
    const auto two = charge_at(c.use, charge_at(c.use, c.charge, halfway), c.later);
    EXPECT_NEAR(two.left.value, charge_at(c.use, c.charge, c.later).left.value, 1e-6)
        << "case " << i << ": " << c.text();
  }
}

}  // namespace
}  // namespace edgefuse::sim
