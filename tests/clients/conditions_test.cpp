#include "clients/conditions.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include "tests/support/assets.hpp"

namespace edgefuse::clients {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t hour = 3600 * second;

sim::DeviceProfile phone() {
  sim::DeviceProfile device;
  device.name = "phone";
  device.busy = Watts{5};
  device.link = {.up = BytesPerSecond{1e6}, .down = BytesPerSecond{4e6}, .latency = Seconds{0.1}};
  return device;
}

/// A fleet of ten like devices.
Fleet ten(const sim::DeviceProfile& device, double loss = 0) {
  return Fleet{{.clients = 10, .groups = {{.device = device, .share = 1, .loss = loss}}, .seed = 3}};
}

Conditions conditions_of(const Fleet& fleet, std::optional<BatteryHabits> battery = {}, MishapRates mishaps = {},
                         std::optional<sim::RateTraces> traces = {}) {
  ConditionsSpec spec{.seed = 3, .mishaps = mishaps, .battery = battery};
  spec.availability.push_back(sim::availabilities().make("always"));
  spec.traces.push_back(std::move(traces));
  return Conditions{fleet, std::move(spec)};
}

TEST(Conditions, LetAnUndisturbedDeviceComputeAsLongAsItsWorkTakes) {
  const auto fleet = ten(phone());
  const auto course = conditions_of(fleet).course(fleet, 4, 1, Seconds{30}, SimTime{});
  EXPECT_EQ(course.compute, Seconds{30});
  EXPECT_FALSE(course.stops);
}

TEST(Conditions, StopADeviceThatCrashesInTheMiddle) {
  const auto fleet = ten(phone());
  const auto course = conditions_of(fleet, {}, {.crash = 1}).course(fleet, 4, 1, Seconds{30}, SimTime{});
  ASSERT_TRUE(course.stops);
  EXPECT_GT(course.stops->value, 0);
  EXPECT_LT(*course.stops, course.compute);
}

TEST(Conditions, SlowAWarmDeviceAndLetItCool) {
  auto device = phone();
  device.throttling = sim::Throttling{.after = Seconds{60}, .speed = 0.5};
  const auto fleet = ten(device);
  auto conditions = conditions_of(fleet);
  EXPECT_EQ(conditions.course(fleet, 0, 1, Seconds{90}, SimTime{}).compute, Seconds{60 + 30 / 0.5});
  conditions.computed(fleet, 0, Seconds{120}, SimTime{120 * second});
  EXPECT_EQ(conditions.course(fleet, 0, 2, Seconds{10}, SimTime{120 * second}).compute, Seconds{20})
      << "as warm as it gets";
  EXPECT_EQ(conditions.course(fleet, 0, 2, Seconds{10}, SimTime{200 * second}).compute, Seconds{10}) << "cool again";
  EXPECT_EQ(conditions.course(fleet, 1, 2, Seconds{10}, SimTime{120 * second}).compute, Seconds{10})
      << "another one never was warm";
}

/// Plugged in from 22 to 6 o'clock; the run begins at midnight.
constexpr BatteryHabits nightly{.least = 0.5,
                                .drain = Watts{0.5},
                                .charger = Watts{10},
                                .plug_in = Seconds{22 * 3600.0},
                                .unplug = Seconds{6 * 3600.0}};

TEST(Conditions, KeepAwayWhoseBatteryIsLowUntilItIsPluggedIn) {
  auto device = phone();
  device.battery = Joules{36e3};  // 5 W for two hours
  const auto fleet = ten(device);
  auto conditions = conditions_of(fleet, nightly);
  const SimTime ten_oclock{10 * hour};
  EXPECT_TRUE(conditions.presence(fleet, 0, ten_oclock).there) << "full in the morning";
  conditions.computed(fleet, 0, Seconds{3600}, ten_oclock);
  const auto tired = conditions.presence(fleet, 0, ten_oclock);
  EXPECT_FALSE(tired.there) << "an hour of training took half of it";
  EXPECT_EQ(tired.until, SimTime{22 * hour});
  EXPECT_TRUE(conditions.presence(fleet, 0, SimTime{23 * hour}).there);
}

TEST(Conditions, StopADeviceThatRunsFlat) {
  auto device = phone();
  device.battery = Joules{36e3};
  const auto fleet = ten(device);
  auto conditions = conditions_of(fleet, nightly);
  const SimTime ten_oclock{10 * hour};
  conditions.computed(fleet, 0, Seconds{3000}, ten_oclock);  // 15 kJ since 9:10, and 0.5 W from six o'clock till then
  const auto course = conditions.course(fleet, 0, 1, Seconds{3 * 3600.0}, ten_oclock);
  ASSERT_TRUE(course.stops);
  EXPECT_EQ(course.stop, Course::Stop::flat);
  EXPECT_NEAR(course.stops->value, (36e3 - 15e3 - 0.5 * (4 * 3600 - 3000)) / 5, 1);
}

TEST(Conditions, OfTransfersDrainTheBatteryToo) {
  auto device = phone();
  device.battery = Joules{1000};
  const auto fleet = ten(device);
  auto conditions = conditions_of(
      fleet, BatteryHabits{.least = 0.5, .charger = Watts{10}, .plug_in = Seconds{}, .unplug = Seconds{3600}});
  const SimTime two_oclock{2 * hour};
  EXPECT_TRUE(conditions.presence(fleet, 0, two_oclock).there);
  conditions.transferred(fleet, 0, Joules{600}, two_oclock);
  EXPECT_FALSE(conditions.presence(fleet, 0, two_oclock).there);
}

TEST(Conditions, FollowATraceOfRatesWithLossAndTheProportionOfBothDirections) {
  const auto file = edgefuse::testing::scratch_folder() / "trace";
  std::ofstream{file} << "0 8\n10 16\n20 8\n";
  const auto fleet = ten(phone(), 0.25);
  const auto conditions = conditions_of(fleet, {}, {}, sim::RateTraces::read(file));
  bool seen_fast = false;
  for (SimTime at{}; at < SimTime{60 * second}; at = conditions.path(fleet, 2, at).until) {
    const auto [link, until] = conditions.path(fleet, 2, at);
    EXPECT_DOUBLE_EQ(link.up / link.down, 0.25) << "as the device's own";
    EXPECT_EQ(link.latency, Seconds{0.1});
    EXPECT_GT(until, at);
    seen_fast = seen_fast || link.down.value > 1.4e6;
  }
  EXPECT_TRUE(seen_fast) << "2 MB/s less a quarter";
  EXPECT_NEAR(conditions.expected_link(fleet, 2).down.value, 0.75 * 4e6 / 3, 0.02e6)
      << "1, 2 and 1 MB/s, ten seconds each";
}

}  // namespace
}  // namespace edgefuse::clients
