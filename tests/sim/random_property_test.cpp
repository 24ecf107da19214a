#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "sim/random.hpp"

namespace edgefuse::sim {
namespace {

// Every test below draws from a fixed seed, so it passes always or never; the bounds are the 99.99 % quantiles under
// the distribution claimed, and each fails when that distribution is visibly another one.

/// Pearson's statistic against equal expectations, with the Wilson–Hilferty normal approximation of its quantile.
void expect_equally_likely(std::span<const std::int64_t> counts) {
  double total = 0;
  for (const auto count : counts)
    total += static_cast<double>(count);
  const double expected = total / static_cast<double>(counts.size());
  double statistic = 0;
  for (const auto count : counts)
    statistic += std::pow(static_cast<double>(count) - expected, 2) / expected;
  const double df = static_cast<double>(counts.size()) - 1;
  const double quantile = df * std::pow(1 - 2 / (9 * df) + 3.719 * std::sqrt(2 / (9 * df)), 3);
  EXPECT_LT(statistic, quantile) << "chi-squared over " << counts.size() << " cells";
}

/// Largest distance between the sample's distribution function and `cdf`, times sqrt(n); 99.99 % lie below 2.23.
template <class Cdf>
double kolmogorov(std::vector<double> sample, Cdf cdf) {
  std::ranges::sort(sample);
  const auto n = static_cast<double>(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double at = cdf(sample[i]);
    distance = std::max({distance, at - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - at});
  }
  return distance * std::sqrt(n);
}

constexpr int many = 200'000;

TEST(RandomProperty, UniformFillsTheUnitInterval) {
  Draws draws{{.seed = 11}};
  std::vector<double> sample;
  for (int i = 0; i < many; ++i)
    sample.push_back(draws.uniform());
  EXPECT_GT(*std::ranges::min_element(sample), 0);
  EXPECT_LT(*std::ranges::max_element(sample), 1);
  EXPECT_LT(kolmogorov(sample, [](double x) { return x; }), 2.23);
}

TEST(RandomProperty, NormalHasTheGaussianDistribution) {
  Draws draws{{.seed = 12}};
  std::vector<double> sample;
  for (int i = 0; i < many; ++i)
    sample.push_back(draws.normal());
  EXPECT_LT(kolmogorov(sample, [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }), 2.23);
}

TEST(RandomProperty, GammaOfShapeOneIsExponential) {
  Draws draws{{.seed = 13}};
  std::vector<double> sample;
  for (int i = 0; i < many; ++i)
    sample.push_back(draws.gamma(1));
  EXPECT_LT(kolmogorov(sample, [](double x) { return 1 - std::exp(-x); }), 2.23);
}

TEST(RandomProperty, GammaOfShapeOneHalfIsHalfASquaredNormal) {
  Draws draws{{.seed = 14}};
  std::vector<double> sample;
  for (int i = 0; i < many; ++i)
    sample.push_back(draws.gamma(0.5));
  EXPECT_LT(kolmogorov(sample, [](double x) { return std::erf(std::sqrt(x)); }), 2.23);
}

TEST(RandomProperty, GammaHasMeanAndVarianceEqualToItsShape) {
  for (const double shape : {0.05, 0.3, 2.5, 40.0}) {
    Draws draws{{.seed = 15}};
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < many; ++i) {
      const double x = draws.gamma(shape);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / many;
    const double variance = squares / many - mean * mean;
    EXPECT_NEAR(mean, shape, 4 * std::sqrt(shape / many)) << "shape " << shape;
    // The variance of the sample variance is (mu4 - sigma^4) / n with mu4 = 3 k^2 + 6 k.
    EXPECT_NEAR(variance, shape, 4 * std::sqrt((2 * shape * shape + 6 * shape) / many)) << "shape " << shape;
  }
}

TEST(RandomProperty, BelowIsUnbiasedForBoundsThatAreNoPowersOfTwo) {
  for (const std::uint64_t bound : {3u, 7u, 100u}) {
    Draws draws{{.seed = 16}};
    std::vector<std::int64_t> counts(bound);
    for (int i = 0; i < many; ++i)
      ++counts[draws.below(bound)];
    expect_equally_likely(counts);
  }
  // At 3/4 of 2^64, reducing without rejection would make the lower half of the range twice as likely.
  Draws draws{{.seed = 16}};
  constexpr std::uint64_t huge = 3ull << 62;
  std::vector<std::int64_t> thirds(3);
  for (int i = 0; i < many; ++i)
    ++thirds[draws.below(huge) >> 62];
  expect_equally_likely(thirds);
}

TEST(RandomProperty, ShuffleMakesEveryOrderEquallyLikely) {
  std::map<std::vector<int>, std::int64_t> orders;
  Draws draws{{.seed = 17}};
  for (int i = 0; i < 48'000; ++i) {
    std::vector items{0, 1, 2, 3};
    draws.shuffle(items);
    ++orders[items];
  }
  std::vector<std::int64_t> counts;
  for (const auto& [order, count] : orders)
    counts.push_back(count);
  ASSERT_EQ(counts.size(), 24u);
  expect_equally_likely(counts);
}

TEST(RandomProperty, SampleMakesEveryOrderedSubsetEquallyLikely) {
  std::map<std::vector<std::uint32_t>, std::int64_t> subsets;
  Draws draws{{.seed = 18}};
  for (int i = 0; i < 60'000; ++i)
    ++subsets[draws.sample(5, 2)];
  std::vector<std::int64_t> counts;
  for (const auto& [subset, count] : subsets)
    counts.push_back(count);
  ASSERT_EQ(counts.size(), 20u);
  expect_equally_likely(counts);
}

TEST(RandomProperty, NeighbouringStreamsAreUncorrelated) {
  const auto correlation = [](Stream a, Stream b) {
    Draws x{a};
    Draws y{b};
    double sum = 0;
    for (int i = 0; i < many; ++i)
      sum += (x.uniform() - 0.5) * (y.uniform() - 0.5);
    return 12 * sum / many;
  };
  const double bound = 3.89 / std::sqrt(many);
  const Stream stream{.seed = 19, .domain = Domain::test, .round = 4, .client = 6};
  auto other = stream;
  other.client = 7;
  EXPECT_LT(std::abs(correlation(stream, other)), bound);
  other = stream;
  other.round = 5;
  EXPECT_LT(std::abs(correlation(stream, other)), bound);
  other = stream;
  other.domain = Domain::selection;
  EXPECT_LT(std::abs(correlation(stream, other)), bound);
  other = stream;
  other.seed = 20;
  EXPECT_LT(std::abs(correlation(stream, other)), bound);
}

}  // namespace
}  // namespace edgefuse::sim
