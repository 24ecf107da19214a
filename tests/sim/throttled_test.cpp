#include "sim/throttled.hpp"

#include <gtest/gtest.h>

namespace edgefuse::sim {
namespace {

constexpr Throttling phone{.after = Seconds{600}, .speed = 0.6};

TEST(Throttled, ACoolDeviceRunsAtFullSpeedUntilItIsWarm) {
  EXPECT_DOUBLE_EQ(computing_time(phone, Seconds{0}, Seconds{450}).value, 450);
  EXPECT_DOUBLE_EQ(computing_time(phone, Seconds{0}, Seconds{600}).value, 600);
}

TEST(Throttled, WhatIsLeftThenTakesLonger) {
  EXPECT_DOUBLE_EQ(computing_time(phone, Seconds{0}, Seconds{900}).value, 600 + 300 / 0.6);
}

TEST(Throttled, AWarmDeviceIsSlowSooner) {
  EXPECT_DOUBLE_EQ(computing_time(phone, Seconds{420}, Seconds{300}).value, 180 + 120 / 0.6);
  EXPECT_DOUBLE_EQ(computing_time(phone, Seconds{600}, Seconds{300}).value, 300 / 0.6);
}

TEST(Throttled, ADeviceThatIsAlwaysCoolTakesJustTheWork) {
  EXPECT_DOUBLE_EQ(computing_time({.after = Seconds{1e9}, .speed = 0.1}, Seconds{0}, Seconds{12345}).value, 12345);
}

TEST(Throttled, AnInstantThrottleIsASlowDevice) {
  EXPECT_DOUBLE_EQ(computing_time({.after = Seconds{0}, .speed = 0.25}, Seconds{0}, Seconds{3}).value, 12);
}

TEST(Throttled, RestTakesAsLongAsTheWorkDid) {
  const Warmth warm{.worked = Seconds{250}, .at = SimTime{7'000'000'000}};
  EXPECT_DOUBLE_EQ(cooled(warm, SimTime{7'000'000'000}).value, 250);
  EXPECT_DOUBLE_EQ(cooled(warm, SimTime{107'000'000'000}).value, 150);
  EXPECT_DOUBLE_EQ(cooled(warm, SimTime{257'000'000'000}).value, 0);
  EXPECT_DOUBLE_EQ(cooled(warm, SimTime{999'000'000'000}).value, 0) << "nothing is cooler than cool";
}

TEST(Throttled, HoweverLongItWorkedItIsNoWarmerThanWhereItThrottles) {
  EXPECT_DOUBLE_EQ(warmed(phone, Seconds{100}, Seconds{300}).value, 400);
  EXPECT_DOUBLE_EQ(warmed(phone, Seconds{100}, Seconds{36000}).value, 600);
}

TEST(Throttled, WorkInPiecesWithoutRestTakesAsLongAsInOneGo) {
  const Seconds first = computing_time(phone, Seconds{90}, Seconds{400});
  const Seconds second = computing_time(phone, warmed(phone, Seconds{90}, first), Seconds{700});
  EXPECT_NEAR((first + second).value, computing_time(phone, Seconds{90}, Seconds{1100}).value, 1e-9);
}

TEST(Throttled, WorkDoneIsTheOppositeOfComputingTime) {
  for (const double warmth : {0.0, 200.0, 600.0}) {
    for (const double work : {0.0, 100.0, 400.0, 2500.0}) {
      const Seconds elapsed = computing_time(phone, Seconds{warmth}, Seconds{work});
      EXPECT_NEAR(work_done(phone, Seconds{warmth}, elapsed).value, work, 1e-9)
          << work << " s of work by a device that is " << warmth << " s warm";
    }
  }
}

}  // namespace
}  // namespace edgefuse::sim
