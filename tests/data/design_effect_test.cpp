#include "data/design_effect.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "data/bootstrap.hpp"

namespace edgefuse::data {
namespace {

using Facts = std::vector<std::vector<std::size_t>>;

TEST(DesignEffect, IsOneWhenNoTwoItemsShareAFact) {
  const std::vector<double> values = {1, 0, 0, 1, 1};
  const Facts facts = {{0, 1}, {2, 3}, {4}, {5, 6, 7}, {8}};
  EXPECT_EQ(design_effect(values, facts), 1);
  const auto related = bootstrap_related_mean(values, facts);
  const auto independent = bootstrap_mean(values);
  EXPECT_EQ(related.low, independent.low);
  EXPECT_EQ(related.high, independent.high);
}

TEST(DesignEffect, OfItemsThatRepeatTheirFactsIsTheNumberOfRepeats) {
  // Five facts, three items each that say the same: as much as five items say. In variances estimated from the items,
  // n − 1 = 14 takes the place of 15 and 4 that of 5.
  std::vector<double> values;
  Facts facts;
  for (std::size_t fact = 0; fact < 5; ++fact)
    for (int repeat = 0; repeat < 3; ++repeat) {
      values.push_back(static_cast<double>(fact * fact));
      facts.push_back({fact});
    }
  EXPECT_NEAR(design_effect(values, facts), 3 * (14.0 / 15) / (4.0 / 5), 1e-12);
}

TEST(DesignEffect, TakesEveryPairThatSharesAFactOnce) {
  // Deviations 2, 1, -1, -2. Items 0 and 1 share two facts, 1 and 2 one, 3 none: the squares give 10, the pairs
  // 2·(2·1) + 2·(1·-1) = 2, and 8 of 16 pairs were taken.
  const std::vector<double> values = {6, 5, 3, 2};
  const Facts facts = {{7, 8}, {8, 7, 9}, {9}, {1}};
  EXPECT_NEAR(design_effect(values, facts), (12 / 0.5) / (10 / 0.75), 1e-12);
}

TEST(DesignEffect, IsNeverBelowOne) {
  const std::vector<double> values = {1, 0, 1, 0, 1, 0};
  EXPECT_EQ(design_effect(values, Facts{{0}, {0}, {1}, {1}, {2}, {2}}), 1) << "facts whose items disagree";
  EXPECT_EQ(design_effect(values, Facts{{0}, {0}, {0}, {0}, {0}, {0}}), 1) << "one fact has no other to differ from";
  EXPECT_EQ(design_effect(std::vector<double>{3, 3, 3}, Facts{{0}, {0}, {1}}), 1) << "nothing varies";
}

TEST(DesignEffect, KeepsIntervalsWithinTheValues) {
  std::vector<double> values(40, 0.0);
  Facts facts;
  for (std::size_t i = 0; i < values.size(); ++i)
    facts.push_back({i / 4});
  values[0] = values[1] = values[2] = values[3] = 1;
  const auto interval = bootstrap_related_mean(values, facts);
  EXPECT_EQ(interval.low, 0);
  EXPECT_GT(interval.high, bootstrap_mean(values).high);
  EXPECT_LE(interval.high, 1);
}

}  // namespace
}  // namespace edgefuse::data
