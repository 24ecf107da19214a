#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/availability/poisson_instants.hpp"
#include "sim/random.hpp"

namespace edgefuse::sim {
namespace {

constexpr std::int64_t mean = 1'000'000'000'000;  // ns

/// The first instants of a client, one after the other.
std::vector<SimTime> first_instants(const PoissonInstants& process, std::uint32_t client, std::size_t count) {
  std::vector<SimTime> all;
  for (auto at = SimTime{-1}; all.size() < count;) {
    at = process.next(5, client, at);
    all.push_back(at);
  }
  return all;
}

TEST(PoissonInstantsProperty, LooksBackAtWhatItLookedForwardTo) {
  const PoissonInstants process{mean, 0, 1};
  const auto instants = first_instants(process, 3, 2000);
  ASSERT_TRUE(std::ranges::is_sorted(instants));
  EXPECT_FALSE(process.last(5, 3, SimTime{instants[0].nanoseconds - 1})) << "nothing is before the first";
  Draws draws{{.seed = 31}};
  for (int trial = 0; trial < 5000; ++trial) {
    const SimTime at{static_cast<std::int64_t>(draws.below(1900 * std::uint64_t{mean}))};
    const auto next = std::ranges::upper_bound(instants, at);
    EXPECT_EQ(process.next(5, 3, at), *next);
    const auto last = process.last(5, 3, at);
    EXPECT_EQ(last.has_value(), next != instants.begin());
    EXPECT_EQ(last.value_or(SimTime{}), next != instants.begin() ? *std::prev(next) : SimTime{});
  }
}

TEST(PoissonInstantsProperty, HasExponentialDistancesAndIndependentOnes) {
  const PoissonInstants process{mean, 1, 2};
  std::vector<double> distances;
  for (std::uint32_t client = 0; client < 20; ++client) {
    const auto instants = first_instants(process, client, 2001);
    for (std::size_t i = 1; i < instants.size(); ++i)
      distances.push_back(static_cast<double>(instants[i].nanoseconds - instants[i - 1].nanoseconds) / mean);
  }
  const auto n = static_cast<double>(distances.size());
  double product = 0;  // of neighbours' differences from the mean: no correlation
  for (std::size_t i = 1; i < distances.size(); ++i)
    product += (distances[i] - 1) * (distances[i - 1] - 1);
  EXPECT_NEAR(product / n, 0, 5 / std::sqrt(n));

  std::ranges::sort(distances);
  double farthest = 0;  // Kolmogorov's distance to 1 - exp(-x), times sqrt(n): 99.99 % lie below 2.23
  for (std::size_t i = 0; i < distances.size(); ++i)
    farthest = std::max(farthest, std::abs(1 - std::exp(-distances[i]) - static_cast<double>(i) / n));
  EXPECT_LT(farthest * std::sqrt(n), 2.23);
}

TEST(PoissonInstantsProperty, HasAsManyInAnyTimeAsItsMeanSays) {
  const PoissonInstants process{mean, 0, 1};
  constexpr double length = 3.7;  // means, across cells
  constexpr int clients = 20'000;
  double sum = 0;
  double squares = 0;
  for (std::uint32_t client = 0; client < clients; ++client) {
    int count = 0;
    const auto end = static_cast<std::int64_t>((10.2 + length) * mean);
    for (auto at = SimTime{static_cast<std::int64_t>(10.2 * mean)}; at.nanoseconds < end; ++count)
      at = process.next(9, client, at);
    sum += count - 1;  // the last was behind the end
    squares += (count - 1) * (count - 1);
  }
  const double average = sum / clients;
  EXPECT_NEAR(average, length, 5 * std::sqrt(length / clients));
  // A Poisson number's variance is its mean; that of the estimate is (m + 2 m²) / n.
  EXPECT_NEAR(squares / clients - average * average, length, 5 * std::sqrt((length + 2 * length * length) / clients));
}

TEST(PoissonInstantsProperty, FamiliesAndClientsAreIndependent) {
  const PoissonInstants even{mean, 0, 2};
  const PoissonInstants odd{mean, 1, 2};
  for (std::uint32_t client = 0; client < 50; ++client) {
    EXPECT_NE(even.next(1, client, {0}), odd.next(1, client, {0}));
    EXPECT_NE(even.next(1, client, {0}), even.next(1, client + 1, {0}));
    EXPECT_NE(even.next(1, client, {0}), even.next(2, client, {0}));
  }
}

TEST(PoissonInstantsProperty, EndsWithTime) {
  const auto quarter = SimTime::never().nanoseconds / 4 - 7;
  const PoissonInstants process{quarter, 0, 1};
  for (std::uint32_t client = 0; client < 200; ++client) {
    const SimTime late{SimTime::never().nanoseconds - 2};
    EXPECT_EQ(process.next(1, client, late), SimTime::never()) << "client " << client;
    EXPECT_LT(process.last(1, client, late).value_or(SimTime{}).nanoseconds, 4 * quarter);
  }
}

}  // namespace
}  // namespace edgefuse::sim
