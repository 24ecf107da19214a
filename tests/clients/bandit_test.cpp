#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "clients/policy/cohort.hpp"
#include "sim/random.hpp"

namespace edgefuse::clients {
namespace {

/// Two ratios at two ranks; the whole model with the larger rank does not fit everybody.
const std::vector<Prospect> offered{{.variant = 0, .ratio = 0, .parameters = 10, .rank = 4, .peak_memory = Bytes{90}},
                                    {.variant = 0, .ratio = 0, .parameters = 10, .rank = 8, .peak_memory = Bytes{100}},
                                    {.variant = 1, .ratio = 0.5, .parameters = 6, .rank = 4, .peak_memory = Bytes{50}},
                                    {.variant = 1, .ratio = 0.5, .parameters = 6, .rank = 8, .peak_memory = Bytes{60}}};

struct BanditTest : ::testing::Test {
  std::unique_ptr<RatioPolicy> policy = ratio_policies().make("bandit");

  [[nodiscard]] std::size_t choice(std::uint32_t device_class = 0, double memory = 1000) const {
    return policy->choose(offered, {.memory = Bytes{memory}, .device_class = device_class}).prospect.value();
  }
  void play(std::size_t arm, double gain, double seconds = 10, std::uint32_t device_class = 0) {
    policy->observe({.device_class = device_class,
                     .ratio = offered[arm].ratio,
                     .rank = offered[arm].rank,
                     .took = Seconds{seconds},
                     .gain = gain});
  }
};

TEST_F(BanditTest, PlaysEveryArmOnceInOrder) {
  for (std::size_t arm = 0; arm < offered.size(); ++arm) {
    EXPECT_EQ(choice(), arm);
    play(arm, 1);
  }
}

TEST_F(BanditTest, ChoosingChangesNothing) {
  play(0, 0.5);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(choice(), 1U);
}

TEST_F(BanditTest, PlaysOnlyWhatFits) {
  EXPECT_EQ(choice(0, 60), 2U);
  play(2, 1);
  EXPECT_EQ(choice(0, 60), 3U);
  EXPECT_EQ(policy->choose(offered, {.memory = Bytes{60}}).binding, "memory") << "the largest that fits";
  EXPECT_EQ(policy->choose(offered, {.memory = Bytes{1000}}).binding, "bandit");
  const auto none = policy->choose(offered, {.memory = Bytes{49}});
  EXPECT_FALSE(none.prospect);
  EXPECT_EQ(none.binding, "memory");
  EXPECT_EQ(none.refused, 2U);
}

TEST_F(BanditTest, KnowsNothingOfOtherDeviceClasses) {
  play(0, 1, 10, 3);
  EXPECT_EQ(choice(3), 1U);
  EXPECT_EQ(choice(0), 0U);
}

/// UCB1 as it is written down, with the rewards one by one.
struct Written {
  double exploration;
  std::map<std::size_t, std::vector<double>> rewards;

  [[nodiscard]] std::size_t choice() const {
    double most = 0;
    double plays = 0;
    for (const auto& [arm, all] : rewards) {
      plays += static_cast<double>(all.size());
      for (const double reward : all)
        most = std::max(most, reward);
    }
    std::size_t best = 0;
    double highest = -1;
    for (const auto& [arm, all] : rewards) {
      double mean = 0;
      for (const double reward : all)
        mean += reward / most / static_cast<double>(all.size());
      const double bound = mean + exploration * std::sqrt(std::log(plays) / static_cast<double>(all.size()));
      if (bound > highest) best = arm;
      highest = std::max(highest, bound);
    }
    return best;
  }
};

TEST_F(BanditTest, IsUcb1OnRewardsRelativeToTheLargest) {
  for (const double exploration : {std::numbers::sqrt2, 0.3}) {
    policy = ratio_policies().make("bandit", {{"exploration", exploration}});
    Written written{exploration, {}};
    sim::Draws draws{{.seed = 3, .domain = sim::Domain::test}};
    const std::vector<double> worth = {0.2, 0.5, 0.9, 0.4};
    for (int round = 0; round < 300; ++round) {
      const auto arm = choice();
      if (round >= 4) {
        ASSERT_EQ(arm, written.choice()) << "round " << round;
      }
      const double gain = worth[arm] + draws.uniform() - 0.5;  // now and then a loss
      play(arm, gain, 20);
      written.rewards[arm].push_back(std::max(gain, 0.0) / 20);
    }
    EXPECT_GT(written.rewards[2].size(), 100U) << "the best arm is played most";
    EXPECT_GT(written.rewards[2].size(), 2 * written.rewards[0].size());
  }
}

TEST_F(BanditTest, WhatComesToNothingIsPlayedAndWorthNothing) {
  policy = ratio_policies().make("bandit", {{"exploration", 0.1}});
  play(0, 0);
  play(1, -3);
  play(2, 0.5);
  play(3, 0, 0);  // called off at once
  EXPECT_EQ(choice(), 2U);
}

TEST_F(BanditTest, SpreadsACohortsClientsOverTheArmsOfTheirClass) {
  Cohort cohort;
  for (const std::uint32_t device_class : {0U, 1U, 0U, 0U, 1U})
    cohort.invited.push_back({{.memory = Bytes{1000}, .device_class = device_class}, offered, {}});
  std::vector<std::size_t> chosen;
  for (const auto& choice : policy->choose_together(cohort))
    chosen.push_back(choice.prospect.value());
  EXPECT_EQ(chosen, (std::vector<std::size_t>{0, 0, 1, 2, 1}));
  EXPECT_EQ(policy->choose_together(cohort).front().prospect, 0U) << "nothing was observed, nothing has changed";
}

}  // namespace
}  // namespace edgefuse::clients
