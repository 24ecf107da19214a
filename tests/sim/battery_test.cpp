#include "sim/battery.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace edgefuse::sim {
namespace {

/// At so many hours since the start.
SimTime hour(double hours) {
  return SimTime{static_cast<std::int64_t>(hours * 3.6e12)};
}

/// 36 kJ (10 Wh), plugged in from 23 h to 7 h; the run starts at noon. 0.5 W empty half of it in 10 hours.
constexpr BatteryUse phone{.capacity = Joules{36000},
                           .drain = Watts{0.5},
                           .charger = Watts{5},
                           .plug_in = Seconds{23 * 3600.0},
                           .unplug = Seconds{7 * 3600.0},
                           .clock = Seconds{12 * 3600.0}};

double idle(double left, double from, double to) {
  return charge_at(phone, {Joules{left}, hour(from)}, hour(to)).left.value;
}

double flat(double left, double from, double watts, double until = 1e5) {
  const auto at = runs_flat(phone, {Joules{left}, hour(from)}, Watts{watts}, hour(until));
  return at == SimTime::never() ? -1 : at.since_start().value / 3600;
}

TEST(Battery, IsPluggedInOverMidnight) {
  EXPECT_FALSE(plugged(phone, hour(0))) << "noon";
  EXPECT_FALSE(plugged(phone, SimTime{hour(11).nanoseconds - 1}));
  EXPECT_TRUE(plugged(phone, hour(11))) << "23 h";
  EXPECT_TRUE(plugged(phone, hour(15))) << "3 h";
  EXPECT_FALSE(plugged(phone, hour(19))) << "7 h";
  EXPECT_TRUE(plugged(phone, hour(24 * 400 + 12)));
}

TEST(Battery, IsPluggedInWithinADayNeverOrAlways) {
  auto use = phone;
  use.plug_in = Seconds{9 * 3600.0};
  use.unplug = Seconds{17 * 3600.0};
  EXPECT_TRUE(plugged(use, hour(0))) << "noon";
  EXPECT_FALSE(plugged(use, hour(5))) << "17 h";
  use.unplug = use.plug_in;
  EXPECT_FALSE(plugged(use, hour(-3)));
  EXPECT_FALSE(plugged(use, hour(1)));
  use.plug_in = Seconds{0};
  use.unplug = Seconds{24 * 3600.0};
  EXPECT_TRUE(plugged(use, hour(0)));
  EXPECT_TRUE(plugged(use, hour(12)));
}

TEST(Battery, DrainsWhileUnpluggedAndNotBelowNothing) {
  EXPECT_DOUBLE_EQ(idle(36000, 0, 10), 18000);
  EXPECT_DOUBLE_EQ(idle(1000, 0, 10), 0);
}

TEST(Battery, ChargesWhilePluggedAndNotBeyondItsCapacity) {
  EXPECT_DOUBLE_EQ(idle(9000, 11, 12), 27000);
  EXPECT_DOUBLE_EQ(idle(9000, 11, 18), 36000);
}

TEST(Battery, GoesThroughADayPieceByPiece) {
  // Noon to 23 h: 11 h at 0.5 W. Full by 7 h. 5 h more at 0.5 W.
  EXPECT_DOUBLE_EQ(idle(30000, 0, 11), 10200);
  EXPECT_DOUBLE_EQ(idle(30000, 0, 24), 27000);
}

TEST(Battery, ManyDaysAreOneDayManyTimes) {
  auto weak = phone;
  weak.charger = Watts{0.9};  // 25920 J a night, and a day takes 28800 J: it loses 2880 J a day
  Charge each{Joules{35000}, hour(2)};
  for (int day = 1; day <= 30; ++day) {
    each = charge_at(weak, each, hour(2 + 24.0 * day));
    const auto at_once = charge_at(weak, {Joules{35000}, hour(2)}, hour(2 + 24.0 * day));
    EXPECT_NEAR(each.left.value, at_once.left.value, 1e-6) << "after " << day << " days";
  }
}

TEST(Battery, TrainingWhilePluggedTakesWhatTheChargerLeaves) {
  const Charge charge{Joules{9000}, hour(11)};
  EXPECT_DOUBLE_EQ(charge_drawing(phone, charge, Watts{4}, hour(12)).left.value, 12600);
  EXPECT_DOUBLE_EQ(charge_drawing(phone, charge, Watts{6}, hour(12)).left.value, 5400);
  EXPECT_DOUBLE_EQ(charge_drawing(phone, charge, Watts{5}, hour(12)).left.value, 9000);
}

TEST(Battery, RunsFlatWhenTheChargeIsSpent) {
  EXPECT_DOUBLE_EQ(flat(14400, 0, 4), 1);
  EXPECT_DOUBLE_EQ(flat(14400, 2, 2), 4);
}

TEST(Battery, DoesNotRunFlatWhenTheWorkEndsBeforeOrAtThatMoment) {
  EXPECT_EQ(flat(14400, 0, 4, 1), -1);
  EXPECT_DOUBLE_EQ(flat(14400, 0, 4, 1.001), 1);
}

TEST(Battery, NeverRunsFlatAtAChargerThatGivesAsMuchAsTheDeviceDraws) {
  EXPECT_EQ(flat(10, 11, 5, 19), -1);
  EXPECT_EQ(flat(0, 11, 5, 19), -1);
  EXPECT_DOUBLE_EQ(flat(3600, 11, 6, 19), 12) << "1 W more than the charger gives";
}

TEST(Battery, MayBeSavedByTheNightAndRunFlatTheNextDay) {
  // 2 W from 21 h on: 2 hours take 14400 of 15000 J, 8 hours give 86400 J and fill it, 36000 J last for 5 hours.
  EXPECT_DOUBLE_EQ(flat(15000, 9, 2), 24);
}

TEST(Battery, RunsFlatAfterManyDaysWhenTheNightsGiveALittleTooLittle) {
  auto weak = phone;
  weak.charger = Watts{1.46};  // a day takes 16 h x 0.5 W, a night gives 8 h x 0.96 W: 1152 J less each day
  const Charge noon{Joules{36000}, hour(0)};
  const auto at = runs_flat(weak, noon, Watts{0.5}, SimTime::never());
  ASSERT_NE(at, SimTime::never());
  // The first night fills it, and the next noon it holds 27000 J. From noon to 23 h it needs 19800 J, and
  // 27000 - 1152 n is less from n = 7 on. That is on the noon after 8 days, and 18936 J are left.
  EXPECT_DOUBLE_EQ(at.since_start().value / 3600, 8 * 24 + 18936 / 1800.0);
  EXPECT_EQ(runs_flat(weak, noon, Watts{0.5}, at), SimTime::never());
}

TEST(Battery, LastsForEverWhenEveryNightFillsIt) {
  EXPECT_EQ(runs_flat(phone, {Joules{36000}, hour(0)}, Watts{0.5}, SimTime::never()), SimTime::never());
  EXPECT_EQ(runs_flat(phone, {Joules{36000}, hour(0)}, Watts{0}, SimTime::never()), SimTime::never());
}

}  // namespace
}  // namespace edgefuse::sim
