#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <vector>

#include "clients/policy/ratio_policy.hpp"
#include "tests/clients/planned_fleet.hpp"

namespace edgefuse::clients {
namespace {

Prospect prospect(std::int64_t parameters, double memory, double seconds, double quality) {
  return {.parameters = parameters, .quality = quality, .peak_memory = Bytes{memory}, .time = Seconds{seconds}};
}

Choice choose(const std::vector<Prospect>& prospects, double memory) {
  return ratio_policies().make("utility")->choose(prospects, {.memory = Bytes{memory}});
}

TEST(Utility, IsQualityPerSecondOfWhatFits) {
  const std::vector<Prospect> offered = {prospect(10, 100, 50, 1.0), prospect(7, 60, 40, 0.9),
                                         prospect(4, 40, 30, 0.5)};
  // 0.02, 0.0225 and 0.0167 a second
  EXPECT_EQ(choose(offered, 1000).prospect, 1U);
  EXPECT_EQ(choose(offered, 1000).binding, "utility");
  EXPECT_EQ(choose(offered, 60).prospect, 1U);
  EXPECT_EQ(choose(offered, 60).binding, "memory") << "it is the largest that fits";
  EXPECT_EQ(choose(offered, 59).prospect, 2U);
}

TEST(Utility, NamesNothingWhenTheLargestIsTheBest) {
  const auto choice = choose({prospect(10, 100, 50, 1.0), prospect(7, 60, 49, 0.9)}, 1000);
  EXPECT_EQ(choice.prospect, 0U);
  EXPECT_EQ(choice.binding, "none");
}

TEST(Utility, PrefersTheLargerOfEquals) {
  EXPECT_EQ(choose({prospect(10, 100, 40, 1.0), prospect(5, 60, 20, 0.5), prospect(1, 1, 1, 0.001)}, 1000).prospect,
            0U);
  EXPECT_EQ(choose({prospect(5, 60, 20, 0.5), prospect(10, 100, 40, 1.0), prospect(1, 1, 1, 0.001)}, 1000).prospect,
            1U);
}

TEST(Utility, LetsAClientSitOutThatNothingFits) {
  const auto choice = choose({prospect(10, 100, 50, 1.0), prospect(7, 60, 49, 0.9)}, 59);
  EXPECT_FALSE(choice.prospect);
  EXPECT_EQ(choice.binding, "memory");
  EXPECT_EQ(choice.refused, 1U);
}

TEST(Utility, TakesQualityFromTheOffersPerplexities) {
  auto offer = testing::small_offer();
  offer.ranks = {2, 5};
  offer.perplexities = {12.5, 20, 1e4};
  const auto policy = ratio_policies().make("utility");
  const Planner planner{offer, *policy};
  const auto fleet = testing::fleet_of_one(Bytes{1e12});
  const auto prospects = planner.prospects(fleet, 0, fleet.link(0), testing::small_workload);
  ASSERT_EQ(prospects.size(), 6U);
  std::size_t best = 0;
  for (std::size_t i = 0; i < prospects.size(); ++i) {
    EXPECT_DOUBLE_EQ(prospects[i].quality.value(), 12.5 / (*offer.perplexities)[i / 2]) << "prospect " << i;
    const auto utility = [&](std::size_t j) { return 12.5 / (*offer.perplexities)[j / 2] / prospects[j].time.value; };
    if (utility(i) > utility(best)) best = i;
  }
  const auto plan = planner.plan(fleet, 0, fleet.link(0), testing::small_workload).value();
  EXPECT_EQ(plan.variant, best / 2);
  EXPECT_EQ(plan.rank, 2) << "a rank has no quality of its own, and the smaller one is faster";
}

TEST(UtilityDeathTest, IsNeverAskedWithoutAnyQuality) {
  const auto policy = ratio_policies().make("utility");
  EXPECT_TRUE(policy->needs_quality());
  EXPECT_DEATH((Planner{testing::small_offer(), *policy}), "who goes by quality is told it");
}

}  // namespace
}  // namespace edgefuse::clients
