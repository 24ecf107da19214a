#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/run/assembly.hpp"
#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

// Policies in whole runs: what they need of a scenario, and that what they allocate and learn comes about.

namespace edgefuse::app {
namespace {

using nlohmann::json;
using testing::TinyWorld;

std::string shipped(const std::string& name) {
  return (edgefuse::testing::project_root() / "scenarios/what-if" / (name + ".toml")).string();
}

testing::Outcome with(const std::string& command, const std::string& name, std::vector<std::string> overrides) {
  std::vector<std::string> arguments = {command, shipped(name)};
  if (command == "check") arguments.push_back("--json");
  for (const auto& override : overrides)
    arguments.insert(arguments.end(), {"--set", override});
  return testing::edgefuse(arguments);
}

results::ResultFile run(const std::string& name, std::vector<std::string> overrides) {
  const auto file = (edgefuse::testing::scratch_folder() / "policy.h5").string();
  overrides.push_back("output.file=" + file);
  const auto outcome = with("run", name, overrides);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return results::read_result(file);
}

void expect_refused(const testing::Outcome& outcome, const std::string& part) {
  EXPECT_EQ(outcome.code, 2) << outcome.out;
  EXPECT_NE(outcome.err.find(part), std::string::npos) << "\"" << part << "\" is not in\n" << outcome.err;
}

TEST(Policies, ByQualityAreRefusedWhereThereIsNoTextToMeasureItOn) {
  TinyWorld world;
  try {
    (void)assemble(testing::scenario_of(world, {"pruning.policy=utility", "public.tokens=32"}), {});
    FAIL() << "a policy went by a quality that nobody can measure";
  } catch (const InputError& error) {
    EXPECT_NE(std::string{error.what()}.find("public.paths: names no text, and the server is to look at some"),
              std::string::npos)
        << error.what();
  }
}

TEST(Policies, ByQualityLookAtTheWeightsUnderTimingToo) {
  const auto outcome = with("check", "stragglers", {"pruning.policy=utility", "public.texts=4"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST(Policies, ByLossesAreRefusedUnderTiming) {
  expect_refused(with("check", "stragglers", {"pruning.policy=bandit"}),
                 "pruning.policy: \"bandit\" goes by losses, and fidelity \"timing\" has none (write fidelity = "
                 "\"learning\", or choose another policy)");
}

TEST(Policies, ByADeadlineAreRefusedWhereNobodyMeetsIt) {
  expect_refused(
      with("check", "stragglers", {"pruning.policy=fit-deadline", "pruning.policy_settings={deadline=0.5}"}),
      "pruning.policy_settings: no variant is within any client's deadline (the least that anybody needs is");
}

TEST(Policies, SayWhichBudgetsStandInTheWayWhereNobodyFits) {
  const auto outcome =
      with("check", "stragglers",
           {"pruning.policy=fit-deadline", "pruning.policy_settings={deadline=0.5}", "fleet.group[0].memory=\"1 MB\""});
  expect_refused(
      outcome,
      "no variant is within the deadline of 30 of 60 clients, and the others cannot take part either (the least");
  expect_refused(outcome,
                 "no variant fits 30 of 60 clients, and the others cannot take part either (the smallest needs");
  expect_refused(outcome, "the largest budget is 1 MB");
}

TEST(Policies, OfOneRatioSayWhatItNeedsWhereNobodyFitsIt) {
  expect_refused(with("check", "stragglers",
                      {"pruning.policy=fixed", "pruning.policy_settings={ratio=0.25}", "fleet.group[0].memory=\"1 MB\"",
                       "fleet.group[1].memory=\"1 MB\"", "fleet.group[2].memory=\"1 MB\""}),
                 "budget is 1 MB: fix a higher ratio, ");
}

constexpr double keep = 0.8;
const std::vector<std::string> jointly = {"pruning.policy=joint", "pruning.policy_settings={keep=0.8}",
                                          "adapter.ranks=[2,8]", "fleet.memory_scale=1"};

TEST(Joint, KeepsWhatItIsToldToInEveryRound) {
  const auto result = run("uplink-bottleneck", jointly);
  std::map<std::int64_t, std::vector<double>> kept;
  double whole = 0;
  for (const auto& plan : result.plans)
    whole = std::max(whole, static_cast<double>(plan.parameters));
  for (const auto& plan : result.plans)
    kept[plan.round].push_back(static_cast<double>(plan.parameters) / whole);
  ASSERT_EQ(kept.size(), 5U);
  for (const auto& [round, shares] : kept) {
    double sum = 0;
    for (const double share : shares)
      sum += share;
    EXPECT_GE(sum / static_cast<double>(shares.size()), keep - 1e-12) << "round " << round;
  }
}

TEST(Joint, TakesAsLongAsItPredictsWhereTheServersLinkIsAllocated) {
  const auto result = run("uplink-bottleneck", jointly);
  std::map<std::int64_t, double> latest;
  for (const auto& plan : result.plans) {
    EXPECT_NEAR(plan.predicted.value, plan.simulated.value, 1e-6 * plan.simulated.value)
        << "client " << plan.client << " in round " << plan.round;
    latest[plan.round] = std::max(latest[plan.round], plan.simulated.value);
  }
  for (const auto& plan : result.plans)
    EXPECT_NEAR(plan.simulated.value, latest[plan.round], 1e-6 * latest[plan.round])
        << "everybody is done at once; client " << plan.client << " in round " << plan.round;
}

TEST(Joint, IsWhatCheckForecasts) {
  const auto outcome = with("check", "uplink-bottleneck", jointly);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::set<double> ratios;
  double most = 0;
  const auto told = json::parse(outcome.out);
  for (const auto& group : told.at("groups")) {
    for (const auto& at : group.at("ratios"))
      ratios.insert(at.at("ratio").get<double>());
    most = std::max(most, group.at("seconds").at("most").get<double>());
  }
  EXPECT_GT(ratios.size(), 1U) << "some are pruned for the others' sake";
  double longest = 0;
  for (const auto& plan : run("uplink-bottleneck", jointly).plans)
    longest = std::max(longest, plan.simulated.value);
  EXPECT_NEAR(most, longest, 0.3 * longest) << "another cohort, of the same fleet";
}

/// Losses in a tiny world, where everybody fits everything.
struct BanditInARun : ::testing::Test {
  TinyWorld world;
  std::vector<std::string> overrides = {"pruning.policy=bandit",
                                        "pruning.ratios=[0,0.4]",
                                        "adapter.ranks=[1,2]",
                                        "protocol.rounds=6",
                                        "protocol.clients_per_round=6",
                                        "evaluation.every=0",
                                        "fleet.group[0].memory=\"10 MB\"",
                                        "fleet.group[1].memory=\"10 MB\""};

  [[nodiscard]] results::ResultFile run(const std::string& threads) const {
    std::vector<std::string> arguments = {"run", world.scenario.string(), "--threads", threads};
    for (const auto& override : overrides)
      arguments.insert(arguments.end(), {"--set", override});
    const auto outcome = testing::edgefuse(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return results::read_result(world.folder / "tiny.h5");
  }
};

TEST_F(BanditInARun, PlaysAllArmsAndThenByWhatItSaw) {
  const auto result = run("1");
  ASSERT_EQ(result.plans.size(), 36U);
  const auto assembly = assemble(testing::scenario_of(world, overrides), {});
  std::map<std::string, std::set<std::pair<double, std::int64_t>>> played;
  for (const auto& plan : result.plans) {
    const auto client = static_cast<std::uint32_t>(plan.client);
    if (plan.round <= 2) played[assembly.fleet.device(client).name].insert({plan.ratio, plan.rank});
    EXPECT_EQ(plan.binding, plan.ratio == 0 && plan.rank == 2 ? "none" : "bandit") << "client " << plan.client;
  }
  ASSERT_EQ(played.size(), 2U);
  for (const auto& [device, arms] : played)
    EXPECT_EQ(arms.size(), 4U) << "three clients of a class and two rounds are enough for four arms; " << device;
}

TEST_F(BanditInARun, GivesTheSameDigestOnAnyNumberOfThreads) {
  const auto one = run("1");
  EXPECT_EQ(one.digest, run("3").digest);
}

TEST_F(BanditInARun, IsNotRefusedForADeadlineThatItsFirstArmMisses) {
  const auto assembly = assemble(testing::scenario_of(world, overrides), {});
  double soonest = 1e9;
  double first = 1e9;
  for (std::uint32_t client = 0; client < assembly.fleet.size(); ++client) {
    first = std::min(first, assembly.plan(client)->predicted.value);
    for (const auto& prospect : assembly.prospects(client))
      soonest = std::min(soonest, prospect.time.value);
  }
  ASSERT_LT(soonest, first);
  auto tight = overrides;
  tight.push_back("protocol.kind=deadline");
  tight.push_back("protocol.settings={window=" + std::to_string((soonest + first) / 2) + "}");
  EXPECT_NO_THROW(static_cast<void>(assemble(testing::scenario_of(world, tight), {})));
}

}  // namespace
}  // namespace edgefuse::app
