#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "results/summary.hpp"
#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

// The shipped what-if scenarios under the timing fidelity, held to what they gave when they were written, and to what
// their comments say of them.

namespace edgefuse::app {
namespace {

results::ResultFile result_of(const std::string& scenario, const std::vector<std::string>& overrides = {}) {
  const auto file = (edgefuse::testing::scratch_folder() / "what-if.h5").string();
  const auto path = edgefuse::testing::project_root() / "scenarios/what-if" / (scenario + ".toml");
  std::vector<std::string> arguments = {"run", path.string(), "--out", file};
  for (const auto& override : overrides)
    arguments.insert(arguments.end(), {"--set", override});
  const auto outcome = testing::edgefuse(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return results::read_result(file);
}

results::Summary what_if(const std::string& scenario, const std::vector<std::string>& overrides = {}) {
  return results::summarise(result_of(scenario, overrides));
}

/// What is pinned of a run.
struct Pinned {
  std::int64_t end = 0;  // ns of virtual time
  std::int64_t versions = 0;
  std::int64_t returned = 0;
  std::int64_t lost = 0;
  std::int64_t late = 0;
  std::int64_t refused = 0;
};

void expect_pinned(const results::Summary& found, const Pinned& pinned) {
  EXPECT_EQ(found.virtual_time.nanoseconds, pinned.end);
  EXPECT_EQ(found.versions, pinned.versions);
  EXPECT_EQ(found.returned, pinned.returned);
  EXPECT_EQ(found.lost, pinned.lost);
  EXPECT_EQ(found.late, pinned.late);
  EXPECT_EQ(found.refused, pinned.refused);
}

double seconds(const results::Summary& summary) {
  return summary.virtual_time.since_start().value;
}

double jain(const results::Summary& summary) {
  return summary.fairness.value().jain;
}

TEST(WhatIf, ASlowUplinkIsWhatRoundsWaitFor) {
  const auto slow = what_if("uplink-bottleneck");
  expect_pinned(slow, {.end = 162738724590, .versions = 5, .returned = 100});
  const auto fast = what_if("uplink-bottleneck", {"network.uplink=\"3 MB/s\""});
  EXPECT_LT(4 * seconds(fast) - seconds(slow), 0.5 * seconds(slow)) << "three quarters of a round wait for the line";
  EXPECT_EQ(what_if("uplink-bottleneck", {"network.uplink=\"100 MB/s\""}).virtual_time, fast.virtual_time)
      << "a faster line than anybody needs changes nothing";
}

TEST(WhatIf, StragglersCostTimeOrWhatTheyHaveDone) {
  const auto waiting = what_if("stragglers");
  expect_pinned(waiting, {.end = 382258576620, .versions = 10, .returned = 200});
  const auto going_on = what_if("stragglers", {"protocol.settings={over_selection=0.2}"});
  expect_pinned(going_on, {.end = 102848951311, .versions = 10, .returned = 200, .late = 40});
  EXPECT_LT(2 * seconds(going_on), seconds(waiting));
  EXPECT_GT(going_on.wasted.value, 0);
  EXPECT_LT(jain(going_on), jain(waiting)) << "those who are slow are hardly ever fused";
}

TEST(WhatIf, ClientsOfOneTimeZoneSleepTheDay) {
  const auto one_zone = what_if("day-and-night");
  expect_pinned(one_zone, {.end = 83362467578494, .versions = 59, .returned = 1147, .lost = 23});
  const auto the_world = what_if("day-and-night", {"fleet.availability_settings={from=23,to=6,zones=8,jitter=1}"});
  expect_pinned(the_world, {.end = 31056512565113, .versions = 60, .returned = 1157, .lost = 9});
  EXPECT_LT(2 * seconds(the_world), seconds(one_zone)) << "it is night somewhere";
  EXPECT_LT(jain(the_world), jain(one_zone)) << "a run of less than a day has seen a part of the world only";
}

TEST(WhatIf, NotToWaitIsFasterAndStale) {
  const auto synchronous = what_if("async-vs-sync");
  expect_pinned(synchronous, {.end = 750873710806, .versions = 20, .returned = 200});
  EXPECT_EQ(synchronous.staleness, 0);
  const auto buffered = what_if("async-vs-sync", {"protocol.kind=buffered", "protocol.settings={buffer=10}"});
  expect_pinned(buffered, {.end = 164353920711, .versions = 20, .returned = 200, .late = 9});
  EXPECT_LT(4 * seconds(buffered), seconds(synchronous));
  const auto each = what_if("async-vs-sync", {"protocol.kind=asynchronous", "protocol.rounds=200"});
  EXPECT_EQ(each.virtual_time, buffered.virtual_time) << "who fuses how often does not change when updates come";
  EXPECT_GT(each.staleness, 8 * buffered.staleness);
}

TEST(WhatIf, FlakyDevicesWorkForNothing) {
  const auto flaky = what_if("flaky-devices");
  expect_pinned(flaky, {.end = 4316638671340, .versions = 20, .returned = 229, .lost = 60, .refused = 11});
  EXPECT_EQ(flaky.fates.at("crashed"), 22);
  EXPECT_EQ(flaky.fates.at("damaged"), 11);
  EXPECT_EQ(flaky.fates.at("left"), 38);
  const auto sound = what_if("flaky-devices", {"failures.crash=0", "failures.corrupt=0"});
  EXPECT_EQ(sound.fates.size(), 1U) << "all that is left is leaving";
  EXPECT_LT(sound.wasted, flaky.wasted);
  EXPECT_FALSE(
      what_if("flaky-devices", {"fleet.availability=always", "fleet.availability_settings={}"}).fates.contains("left"));
}

TEST(WhatIf, SparingBatteriesTakesTimeAndNotToLosesWork) {
  const auto careful = what_if("battery-aware");
  expect_pinned(careful, {.end = 89486898414327, .versions = 20, .returned = 160, .lost = 6, .late = 15});
  const auto careless = what_if("battery-aware", {"battery.least=0"});
  EXPECT_GT(careless.fates.at("battery flat"), careful.fates.at("battery flat"));
  const auto powered = what_if("battery-aware", {"battery.power=mains"});
  EXPECT_FALSE(powered.fates.contains("battery flat"));
  EXPECT_LT(seconds(powered), seconds(careful));
  EXPECT_NEAR(careful.carbon, careful.energy.value / 3.6e6 * 400, 1e-6);
}

TEST(WhatIf, AggregatorsSpareAThinLinkOfTheServer) {
  const auto hierarchy = what_if("hierarchy");
  expect_pinned(hierarchy, {.end = 225278969033, .versions = 6, .returned = 240});
  const auto direct = what_if("hierarchy", {"protocol.kind=synchronous"});
  expect_pinned(direct, {.end = 376595081907, .versions = 6, .returned = 240});
  EXPECT_LT(1.5 * seconds(hierarchy), seconds(direct));
  EXPECT_EQ(hierarchy.bytes_down, direct.bytes_down) << "clients receive the same";
}

/// What a round's row adds up to by its plans.
results::RoundRow added_up(const results::ResultFile& result, const results::RoundRow& round) {
  results::RoundRow sum;
  for (const auto& plan : result.plans) {
    if (plan.round != round.round || plan.outcome == results::Outcome::sat_out) continue;
    ++sum.started;
    sum.bytes_down += plan.received;
    sum.bytes_up += plan.sent;
    sum.energy += plan.spent;
    if (plan.outcome != results::Outcome::returned) sum.wasted += plan.received + plan.sent;
    EXPECT_LE(plan.received, plan.download) << "client " << plan.client;
    EXPECT_LE(plan.sent, plan.upload) << "client " << plan.client;
    EXPECT_GE(plan.staleness, 0);
  }
  return sum;
}

TEST(WhatIf, BooksBalance) {
  for (const auto* scenario : {"stragglers", "flaky-devices", "battery-aware", "day-and-night", "uplink-bottleneck"}) {
    const auto result = result_of(scenario);
    for (const auto& round : result.rounds) {
      const auto sum = added_up(result, round);
      EXPECT_EQ(round.started, sum.started) << scenario << ", round " << round.round;
      EXPECT_EQ(round.started, round.returned + round.lost + round.late + round.refused) << scenario;
      EXPECT_DOUBLE_EQ(round.bytes_down.value, sum.bytes_down.value) << scenario << ", round " << round.round;
      EXPECT_DOUBLE_EQ(round.wasted.value, sum.wasted.value) << scenario << ", round " << round.round;
      EXPECT_DOUBLE_EQ(round.energy.value, sum.energy.value) << scenario << ", round " << round.round;
    }
    const auto total = results::summarise(result);
    double through_the_server = 0;
    for (const auto& round : result.rounds)
      through_the_server += round.server_up.value + round.server_down.value;
    EXPECT_NEAR(through_the_server, (total.bytes_up + total.bytes_down).value, 1e-6 * through_the_server)
        << scenario << ": all there is goes through the server's link";
  }
}

/// A scenario on pruning as it is under the timing fidelity; learning takes the same virtual time.
results::Summary pruned(const std::string& scenario, std::vector<std::string> overrides = {}) {
  overrides.emplace_back("fidelity=timing");
  return what_if(scenario, overrides);
}

TEST(WhatIf, TimeTrafficAndEnergyFallWithTheRatio) {
  const auto whole = pruned("pruning-ratio");
  expect_pinned(whole, {.end = 1570663342, .versions = 1, .returned = 24});
  const auto half = pruned("pruning-ratio", {"pruning.policy_settings={ratio=0.5}"});
  expect_pinned(half, {.end = 1103080366, .versions = 1, .returned = 24});
  EXPECT_LT(half.bytes_down, whole.bytes_down);
  EXPECT_LT(half.energy, whole.energy);
}

TEST(WhatIf, PoliciesTradeWhatIsTrainedForTime) {
  const auto largest = pruned("pruning-policies");
  expect_pinned(largest, {.end = 6173599764, .versions = 3, .returned = 72});
  const auto soonest =
      pruned("pruning-policies", {"pruning.policy=fit-deadline", "pruning.policy_settings={deadline=0.7}"});
  expect_pinned(soonest, {.end = 2081486307, .versions = 3, .returned = 36});
  EXPECT_EQ(soonest.ratios.size(), 4U) << "some can train the whole base in time, some a quarter of it";
  const auto joint = pruned("pruning-policies", {"pruning.policy=joint"});
  EXPECT_LE(joint.virtual_time, largest.virtual_time)
      << "no client waits for one that another ratio would have sped up";
}

TEST(WhatIf, TwoOfFourWeightsSaveBytesAndHardlyTime) {
  const auto units = pruned("pruning-pattern");
  expect_pinned(units, {.end = 1103080366, .versions = 1, .returned = 24});
  const auto pattern = pruned("pruning-pattern", {"pruning.method=wanda", "pruning.settings={pattern=\"2:4\"}"});
  expect_pinned(pattern, {.end = 1422027694, .versions = 1, .returned = 24});
  EXPECT_LT(pattern.bytes_down.value, 1.1 * units.bytes_down.value);
}

}  // namespace
}  // namespace edgefuse::app
