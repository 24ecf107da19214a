#include "clients/plan.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "clients/policy/fit.hpp"
#include "sim/error.hpp"
#include "tests/clients/planned_fleet.hpp"

namespace edgefuse::clients {
namespace {

using testing::fleet_of_one;

const auto load = testing::small_workload;
const auto offer = testing::small_offer;

std::vector<llm::VariantCost> costs() {
  const auto o = offer();
  std::vector<llm::VariantCost> all;
  for (const auto& variant : o.variants)
    all.push_back(variant_cost(o.config, variant, o.adapter, load.step, o.storage));
  return all;
}

class PlanTest : public ::testing::Test {
 protected:
  std::optional<llm::Plan> plan(Bytes memory) {
    const auto fleet = fleet_of_one(memory);
    return Planner{offer(), policy_}.plan(fleet, 0, fleet.link(0), load);
  }
  Fit policy_;
};

TEST_F(PlanTest, TakesTheLargestVariantThatFits) {
  const auto cost = costs();
  ASSERT_GT(cost[0].peak_memory, cost[1].peak_memory);
  ASSERT_GT(cost[1].peak_memory, cost[2].peak_memory);
  EXPECT_EQ(plan(cost[0].peak_memory).value().variant, 0u);
  EXPECT_EQ(plan(cost[0].peak_memory - Bytes{1}).value().variant, 1u);
  EXPECT_EQ(plan(cost[1].peak_memory).value().variant, 1u);
  EXPECT_EQ(plan(cost[1].peak_memory - Bytes{1}).value().variant, 2u);
  EXPECT_EQ(plan(cost[2].peak_memory).value().variant, 2u);
}

TEST_F(PlanTest, NamesTheBudgetThatKeptItFromMore) {
  EXPECT_EQ(plan(costs()[0].peak_memory).value().binding, "none");
  EXPECT_EQ(plan(costs()[1].peak_memory).value().binding, "memory");
}

TEST_F(PlanTest, AClientThatFitsNoVariantSitsOut) {
  const auto least = costs()[2].peak_memory;
  EXPECT_FALSE(plan(least - Bytes{1}).has_value());
  EXPECT_TRUE(plan(least).has_value());
}

TEST_F(PlanTest, PredictsTimeBytesAndEnergyInClosedForm) {
  const auto cost = costs()[1];
  const auto made = plan(cost.peak_memory).value();
  const double compute = 7 * (cost.forward + cost.backward).value / 1.5e6;
  const double transfer = 0.25 + cost.download.value / 9e3 + 0.25 + cost.upload.value / 5e3;
  EXPECT_DOUBLE_EQ(made.compute.value, compute);
  EXPECT_EQ(made.download, cost.download);
  EXPECT_EQ(made.upload, cost.upload);
  EXPECT_DOUBLE_EQ(made.energy.value,
                   4 * compute + (3 + 2) * transfer + 7e-5 * cost.download.value + 5e-4 * cost.upload.value);
  EXPECT_EQ(made.peak_memory, cost.peak_memory);
  EXPECT_EQ(made.parameters, cost.parameters);
}

TEST_F(PlanTest, OffersEveryVariantAtEveryRankWithItsOwnCosts) {
  auto o = offer();
  o.ranks = {2, 5};
  const auto fleet = fleet_of_one(Bytes{1e12});
  const auto made = Planner{o, policy_}.prospects(fleet, 0, fleet.link(0), load);
  ASSERT_EQ(made.size(), 6U);
  for (std::size_t i = 0; i < made.size(); ++i) {
    auto adapter = o.adapter;
    adapter.rank = o.ranks[i % 2];
    const auto cost = variant_cost(o.config, o.variants[i / 2], adapter, load.step, o.storage);
    EXPECT_EQ(made[i].variant, i / 2) << "prospect " << i;
    EXPECT_EQ(made[i].ratio, o.variants[i / 2].ratio) << "prospect " << i;
    EXPECT_EQ(made[i].rank, adapter.rank) << "prospect " << i;
    EXPECT_EQ(made[i].peak_memory, cost.peak_memory) << "prospect " << i;
    EXPECT_EQ(made[i].upload, cost.upload) << "prospect " << i;
    EXPECT_EQ(made[i].download, cost.download) << "prospect " << i;
    EXPECT_DOUBLE_EQ(made[i].compute.value, 7 * (cost.forward + cost.backward).value / 1.5e6) << "prospect " << i;
  }
}

TEST_F(PlanTest, TakesTheLargestRankOfTheLargestVariantThatFits) {
  auto o = offer();
  o.ranks = {2, 5};
  const auto all = Planner{o, policy_}.prospects(fleet_of_one(Bytes{}), 0, {}, load);
  for (const auto& [memory, expected] : std::vector<std::pair<Bytes, std::size_t>>{
           {all[1].peak_memory, 1},
           {all[1].peak_memory - Bytes{1}, 0},
           {all[0].peak_memory, 0},
           {all[3].peak_memory, 3},
           {all[3].peak_memory - Bytes{1}, 2},
           {all[5].peak_memory,
            2},  // the middle variant with the smaller rank needs less than the last with the larger
           {all[2].peak_memory - Bytes{1}, 4},
           {all[4].peak_memory, 4}}) {
    const auto fleet = fleet_of_one(memory);
    const auto plan = Planner{o, policy_}.plan(fleet, 0, fleet.link(0), load).value();
    EXPECT_EQ(plan.variant, expected / 2) << "with " << memory.value << " B";
    EXPECT_EQ(plan.rank, o.ranks[expected % 2]) << "with " << memory.value << " B";
    EXPECT_EQ(plan.upload, all[expected].upload) << "with " << memory.value << " B";
    EXPECT_EQ(plan.binding, expected == 1 ? "none" : "memory") << "with " << memory.value << " B";
  }
}

TEST_F(PlanTest, OffersAClientWhoseRankIsLimitedSmallerOnesAndThatOne) {
  auto o = offer();
  o.ranks = {2, 5, 9};
  const auto fleet = fleet_of_one(Bytes{1e12});
  Planner planner{o, policy_};
  const auto at_large = planner.plan(fleet, 0, fleet.link(0), load).value();
  planner.limit_rank(0, 4);
  const auto made = planner.prospects(fleet, 0, fleet.link(0), load);
  ASSERT_EQ(made.size(), 2 * o.variants.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    auto adapter = o.adapter;
    adapter.rank = i % 2 == 0 ? 2 : 4;
    const auto cost = variant_cost(o.config, o.variants[i / 2], adapter, load.step, o.storage);
    EXPECT_EQ(made[i].rank, adapter.rank) << "prospect " << i;
    EXPECT_EQ(made[i].peak_memory, cost.peak_memory) << "prospect " << i;
    EXPECT_EQ(made[i].upload, cost.upload) << "prospect " << i;
  }
  const auto limited = planner.plan(fleet, 0, fleet.link(0), load).value();
  EXPECT_EQ(at_large.rank, 9);
  EXPECT_EQ(limited.rank, 4);
  EXPECT_LT(limited.predicted, at_large.predicted);
  planner.limit_rank(0, 1);
  EXPECT_EQ(planner.plan(fleet, 0, fleet.link(0), load).value().rank, 1) << "though nothing so small is on offer";
}

TEST_F(PlanTest, RepeatsWhatWasDecidedElsewhere) {
  const auto made = plan(Bytes{1e12}).value();
  EXPECT_EQ(made.client, 0u);
  EXPECT_EQ(made.ratio, 0);
  EXPECT_EQ(made.rank, 2);
  EXPECT_EQ(made.steps, 5);
  EXPECT_EQ(made.batch, 3);
  EXPECT_EQ(made.sequence, 11);
  EXPECT_EQ(made.examples, 21);
}

/// A whole model and two smaller ones.
const std::vector<Prospect> three{
    {.ratio = 0, .parameters = 10, .peak_memory = Bytes{100}, .time = Seconds{50}, .energy = Joules{9}},
    {.ratio = 0.3, .parameters = 7, .peak_memory = Bytes{60}, .time = Seconds{30}, .energy = Joules{5}},
    {.ratio = 0.6, .parameters = 4, .peak_memory = Bytes{40}, .time = Seconds{20}, .energy = Joules{2}}};

struct Case {
  const char* policy;
  Parameters settings;
  double memory;
  std::optional<std::size_t> chosen;
  const char* binding;
};

TEST(RatioPolicies, TakeTheLargestWithinTheirBudgetsAndNameWhatStandsInTheWay) {
  const std::vector<Case> cases = {
      {"fit-memory", {}, 1000, 0, "none"},
      {"fit-memory", {}, 80, 1, "memory"},
      {"fit-memory", {}, 30, std::nullopt, "memory"},
      {"fit-deadline", {{"deadline", 40.0}}, 1000, 1, "deadline"},
      {"fit-deadline", {{"deadline", 40.0}}, 50, 2, "memory"},
      {"fit-deadline", {{"deadline", 10.0}}, 1000, std::nullopt, "deadline"},
      {"fit-energy", {{"energy", 2.0}}, 1000, 2, "energy"},
      {"fit-energy", {{"energy", 1.0}}, 1000, std::nullopt, "energy"},
      {"fit-all", {{"deadline", 30.0}, {"energy", 100.0}}, 1000, 1, "deadline"},
      {"fit-all", {{"deadline", 100.0}, {"energy", 5.0}}, 1000, 1, "energy"},
      {"fit-all", {{"deadline", 100.0}, {"energy", 100.0}}, 1000, 0, "none"},
      {"fixed", {{"ratio", 0.3}}, 1000, 1, "fixed"},
      {"fixed", {{"ratio", 0.3}}, 50, std::nullopt, "memory"},
      {"fixed", {{"ratio", 0.3}}, 80, 1, "memory"},
      {"fixed", {{"ratio", 0.0}}, 1000, 0, "none"},
  };
  for (const auto& c : cases) {
    const auto choice = ratio_policies().make(c.policy, c.settings)->choose(three, {.memory = Bytes{c.memory}});
    EXPECT_EQ(choice.prospect, c.chosen) << c.policy << " with " << c.memory << " B";
    EXPECT_EQ(choice.binding, c.binding) << c.policy << " with " << c.memory << " B";
  }
}

/// Two variants at ranks 4 and 16, the larger rank of the smaller one above the smaller rank of the larger one.
const std::vector<Prospect> ranked{
    {.variant = 0, .ratio = 0, .parameters = 10, .rank = 4, .peak_memory = Bytes{60}, .time = Seconds{50}},
    {.variant = 0, .ratio = 0, .parameters = 10, .rank = 16, .peak_memory = Bytes{90}, .time = Seconds{70}},
    {.variant = 1, .ratio = 0.5, .parameters = 6, .rank = 4, .peak_memory = Bytes{40}, .time = Seconds{30}},
    {.variant = 1, .ratio = 0.5, .parameters = 6, .rank = 16, .peak_memory = Bytes{70}, .time = Seconds{55}}};

TEST(RatioPolicies, PreferALargerVariantToALargerRank) {
  const std::vector<Case> cases = {
      {"fit-memory", {}, 90, 1, "none"},
      {"fit-memory", {}, 89, 0, "memory"},
      {"fit-memory", {}, 59, 2, "memory"},
      {"fit-deadline", {{"deadline", 60.0}}, 100, 0, "deadline"},
      {"fit-deadline", {{"deadline", 40.0}}, 100, 2, "deadline"},
      {"fixed", {{"ratio", 0.5}}, 100, 3, "fixed"},
      {"fixed", {{"ratio", 0.5}}, 50, 2, "memory"},
  };
  for (const auto& c : cases) {
    const auto choice = ratio_policies().make(c.policy, c.settings)->choose(ranked, {.memory = Bytes{c.memory}});
    EXPECT_EQ(choice.prospect, c.chosen) << c.policy << " with " << c.memory << " B";
    EXPECT_EQ(choice.binding, c.binding) << c.policy << " with " << c.memory << " B";
  }
}

TEST(RatioPolicies, SayWhichProspectAClientThatSitsOutIsKeptFrom) {
  const std::vector<std::pair<Case, std::size_t>> cases = {
      {{"fit-memory", {}, 39, {}, "memory"}, 2},
      {{"fit-deadline", {{"deadline", 29.0}}, 39, {}, "memory"}, 2},
      {{"fit-deadline", {{"deadline", 29.0}}, 100, {}, "deadline"}, 2},
      {{"fixed", {{"ratio", 0.0}}, 59, {}, "memory"}, 0},
  };
  for (const auto& [c, refused] : cases) {
    const auto choice = ratio_policies().make(c.policy, c.settings)->choose(ranked, {.memory = Bytes{c.memory}});
    EXPECT_FALSE(choice.prospect) << c.policy << " with " << c.memory << " B";
    EXPECT_EQ(choice.binding, c.binding) << c.policy << " with " << c.memory << " B";
    EXPECT_EQ(choice.refused, refused) << c.policy << " with " << c.memory << " B";
  }
}

TEST(RatioPolicies, AreFoundByNameAndOthersRefused) {
  EXPECT_THROW(static_cast<void>(ratio_policies().make("fit-memroy")), InputError);
}

}  // namespace
}  // namespace edgefuse::clients
