#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "clients/policy/cohort.hpp"
#include "tests/clients/planned_fleet.hpp"

namespace edgefuse::clients {
namespace {

/// A whole model and its half. On a link of 1 MB/s either way the whole takes `compute` + 11 s, half of it half of
/// that.
Invited invited(double compute, double memory = 1000) {
  const auto prospect = [&](std::uint32_t variant, double kept, double needs) {
    return Prospect{.variant = variant,
                    .ratio = 1 - kept,
                    .parameters = static_cast<std::int64_t>(100 * kept),
                    .kept = kept,
                    .peak_memory = Bytes{needs},
                    .download = Bytes{1e7 * kept},
                    .upload = Bytes{1e6 * kept},
                    .compute = Seconds{compute * kept},
                    .time = Seconds{(compute + 11) * kept}};
  };
  return {.client = {.memory = Bytes{memory}},
          .prospects = {prospect(0, 1, 100), prospect(1, 0.5, 60)},
          .link = {.up = BytesPerSecond{1e6}, .down = BytesPerSecond{1e6}}};
}

std::vector<Choice> choose(const Cohort& cohort, double keep) {
  return ratio_policies().make("joint", {{"keep", keep}})->choose_together(cohort);
}

Seconds latest(const Cohort& cohort, const std::vector<Choice>& choices) {
  Seconds end{};
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const auto& [client, prospects, link] = cohort.invited[i];
    if (choices[i].prospect)
      end = std::max(end, time_over(capped(link, choices[i].caps), prospects[*choices[i].prospect], Bytes{}));
  }
  return end;
}

TEST(Joint, PrunesTheSlowOnesUntilTheCohortKeepsNoLess) {
  // 21, 31, 41 and 51 s whole; half of that pruned. Two may be pruned: the last of the others is back after 31 s.
  const Cohort cohort{.invited = {invited(10), invited(20), invited(30), invited(40)}};
  const auto choices = choose(cohort, 0.75);
  EXPECT_EQ(choices[0].prospect, 0U);
  EXPECT_EQ(choices[1].prospect, 0U);
  EXPECT_EQ(choices[2].prospect, 1U);
  EXPECT_EQ(choices[3].prospect, 1U);
  EXPECT_EQ(choices[1].binding, "none");
  EXPECT_EQ(choices[2].binding, "latency");
  EXPECT_EQ(latest(cohort, choices).value, 31);
  for (const auto& choice : choices)
    EXPECT_EQ(choice.caps, sim::RateCaps{}) << "no server's link is in the way";
}

TEST(Joint, LeavesWholeWhatIsBackInTimeAnyway) {
  const Cohort cohort{.invited = {invited(10), invited(40)}};
  EXPECT_EQ(choose(cohort, 0).front().prospect, 0U)
      << "the pruned slow one is back after 25.5 s, the whole fast one 21";
}

TEST(Joint, GivesAllThatFitsWhenTheCohortCannotKeepSoMuch) {
  const Cohort cohort{.invited = {invited(10, 99), invited(20, 1000), invited(30, 59)}};
  const auto choices = choose(cohort, 1);
  EXPECT_EQ(choices[0].prospect, 1U);
  EXPECT_EQ(choices[0].binding, "memory");
  EXPECT_EQ(choices[1].prospect, 0U);
  EXPECT_FALSE(choices[2].prospect) << "who sits out keeps nothing, and does not count";
  EXPECT_EQ(choices[2].binding, "memory");
  EXPECT_EQ(choices[2].refused, 1U);
}

TEST(Joint, OfACohortWithoutMembersOrWithoutAnybodyThatFitsIsNothing) {
  EXPECT_TRUE(choose({.invited = {}}, 0.7).empty());
  EXPECT_FALSE(choose({.invited = {invited(10, 1)}}, 0.7).front().prospect);
}

TEST(Joint, AloneKeepsByItself) {
  const auto who = invited(10);
  const auto policy = ratio_policies().make("joint");
  EXPECT_EQ(policy->choose(who.prospects, who.client).prospect, 0U) << "half is less than 0.7";
  EXPECT_EQ(ratio_policies().make("joint", {{"keep", 0.5}})->choose(who.prospects, who.client).prospect, 1U);
}

TEST(Joint, AllocatesTheServersLinkWhereItIsScarce) {
  Cohort cohort{.invited = {invited(10), invited(20), invited(30), invited(40)},
                .server = {.up = BytesPerSecond{1e9}, .down = BytesPerSecond{1e6}}};
  const auto allocated = choose(cohort, 0.75);
  const auto shared =
      ratio_policies().make("joint", {{"keep", 0.75}, {"bandwidth", std::string{"shared"}}})->choose_together(cohort);
  double down = 0;
  double kept = 0;
  auto fair = shared;
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(shared[i].caps, sim::RateCaps{}) << "client " << i;
    EXPECT_TRUE(std::isinf(allocated[i].caps.up.value)) << "client " << i;
    down += allocated[i].caps.down.value;
    kept += cohort.invited[i].prospects[allocated[i].prospect.value()].kept / 4;
    fair[i].caps.down = BytesPerSecond{2.5e5};
  }
  EXPECT_LE(down, 1e6 * (1 + 1e-12));
  EXPECT_GT(down, 0.999e6);
  EXPECT_GE(kept, 0.75);
  EXPECT_LT(latest(cohort, allocated).value, 0.95 * latest(cohort, fair).value)
      << "who computes longer has its model earlier";
}

TEST(Joint, PlansWithWhatItAllocates) {
  auto offer = testing::small_offer();
  const auto policy = ratio_policies().make("joint", {{"keep", 0.5}});
  const Planner planner{
      offer, *policy, {.message_overhead = Bytes{100}, .server = {BytesPerSecond{6e3}, BytesPerSecond{1.2e4}}}};
  const auto fleet = testing::fleet_of_one(Bytes{1e12});
  std::vector<Invitee> invitees(3, {0, fleet.link(0), testing::small_workload});
  invitees[2].workload.batches = 30;
  const auto plans = planner.plans(fleet, invitees);
  ASSERT_EQ(plans.size(), 3U);
  double up = 0;
  for (const auto& plan : plans) {
    const auto link = sim::capped(fleet.link(0), plan->caps);
    EXPECT_DOUBLE_EQ(plan->predicted.value, 0.5 + (plan->download.value + 100) / link.down.value + plan->compute.value +
                                                (plan->upload.value + 100) / link.up.value);
    up += plan->caps.up.value;
  }
  EXPECT_LE(up, 6e3 * (1 + 1e-12));
  EXPECT_LT(plans[0]->caps.down, plans[2]->caps.down) << "the one with most to compute has its model first";
}

}  // namespace
}  // namespace edgefuse::clients
