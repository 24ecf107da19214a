#include "data/bootstrap.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "sim/random.hpp"

namespace edgefuse::data {
namespace {

std::vector<double> successes(int count, int n) {
  std::vector<double> values(static_cast<std::size_t>(n), 0.0);
  for (int i = 0; i < count; ++i)
    values[static_cast<std::size_t>(i)] = 1;
  return values;
}

TEST(Bootstrap, AgreesWithTheNormalLimitForAShare) {
  // The resampled mean of 0/1 values is binomial: standard error sqrt(p (1 - p) / n).
  const auto interval = bootstrap_mean(successes(300, 1000));
  const double error = std::sqrt(0.3 * 0.7 / 1000);
  EXPECT_DOUBLE_EQ(interval.value, 0.3);
  EXPECT_NEAR(interval.low, 0.3 - 1.96 * error, 0.15 * error);
  EXPECT_NEAR(interval.high, 0.3 + 1.96 * error, 0.15 * error);
}

TEST(Bootstrap, AgreesWithTheNormalLimitForAMean) {
  sim::Draws draws{{.seed = 4}};
  std::vector<double> values;
  for (int i = 0; i < 800; ++i)
    values.push_back(5 + 2 * draws.normal());
  double mean = 0;
  for (const double v : values)
    mean += v / 800;
  double variance = 0;
  for (const double v : values)
    variance += (v - mean) * (v - mean) / 800;
  const double error = std::sqrt(variance / 800);
  const auto interval = bootstrap_mean(values);
  EXPECT_NEAR(interval.value, mean, 1e-12);
  EXPECT_NEAR(interval.low, mean - 1.96 * error, 0.15 * error);
  EXPECT_NEAR(interval.high, mean + 1.96 * error, 0.15 * error);
}

TEST(Bootstrap, EnumeratesTheResamplesOfTwoValues) {
  // Means of two draws from {0, 1}: 0, 1/2, 1/2, 1, each end with probability 1/4 > 2.5 %.
  const auto interval = bootstrap_mean(std::vector<double>{0, 1});
  EXPECT_EQ(interval.value, 0.5);
  EXPECT_EQ(interval.low, 0);
  EXPECT_EQ(interval.high, 1);
}

/// The share p of which seven successes in seven, or none, are still as likely as 2.5 %.
TEST(Bootstrap, OfNothingButSuccessesOrFailuresEndsWhereTheyBecomeUnlikely) {
  const auto all = bootstrap_mean(successes(7, 7));
  EXPECT_NEAR(std::pow(all.low, 7), 0.025, 1e-12);
  EXPECT_EQ(all.high, 1);
  const auto none = bootstrap_mean(successes(0, 7));
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(std::pow(1 - none.high, 7), 0.025, 1e-12);
}

TEST(Bootstrap, HasNoWidthWhenNothingVaries) {
  const auto one = bootstrap_mean(std::vector<double>{2.5});
  EXPECT_EQ(one.low, 2.5);
  EXPECT_EQ(one.high, 2.5);
}

TEST(Bootstrap, WeighsARatioByItsDenominators) {
  const auto interval = bootstrap_ratio(std::vector<double>{3, 10}, std::vector<double>{1, 5});
  EXPECT_DOUBLE_EQ(interval.value, 13.0 / 6);
  EXPECT_DOUBLE_EQ(interval.low, 2);
  EXPECT_DOUBLE_EQ(interval.high, 3);
}

TEST(Bootstrap, RepeatsItselfAndFollowsItsSeed) {
  const auto values = successes(40, 90);
  const auto once = bootstrap_mean(values, {.seed = 1, .resamples = 50});
  const auto again = bootstrap_mean(values, {.seed = 1, .resamples = 50});
  EXPECT_EQ(once.low, again.low);
  EXPECT_EQ(once.high, again.high);
  bool differs = false;
  for (std::uint64_t seed = 2; seed < 6; ++seed) {
    const auto other = bootstrap_mean(values, {.seed = seed, .resamples = 50});
    differs = differs || other.low != once.low || other.high != once.high;
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace edgefuse::data
