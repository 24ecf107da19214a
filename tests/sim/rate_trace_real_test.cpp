#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "sim/rate_step.hpp"
#include "sim/rate_trace.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::sim {
namespace {

constexpr double megabit = 1e6 / 8;  // bytes
constexpr double slowest = 0.12617;  // mean of a trace, Mbit/s
constexpr double fastest = 4.5671;

TEST(RealRateTraces, AreAsFastAsMobileNetworksWere) {
  EDGEFUSE_NEEDS_ASSET("data/traces-network-3g-fcc");
  const auto files = rate_trace_files(testing::assets() / "data/traces-network-3g-fcc");
  ASSERT_EQ(files.size(), 269u);
  std::size_t samples = 0;
  std::vector<double> means;  // Mbit/s
  for (const auto& file : files) {
    samples += read_rate_trace(file).size();
    means.push_back(RateTraces::read(file).mean(1, 0).value / megabit);
  }
  EXPECT_EQ(samples, 107'970u);
  std::ranges::sort(means);
  // Worked out from the files by another program, samples weighted with their lengths; rounding moves a mean by 1.1 %.
  EXPECT_NEAR(means.front(), slowest, 0.011 * slowest);
  EXPECT_NEAR(means[134], 1.1634, 0.011 * 1.1634) << "the median of the means";
  EXPECT_NEAR(means.back(), fastest, 0.011 * fastest);
}

TEST(RealRateTraces, AreDealtToClientsWithRatesOnSteps) {
  EDGEFUSE_NEEDS_ASSET("data/traces-network-3g-fcc");
  const auto traces = RateTraces::read(testing::assets() / "data/traces-network-3g-fcc");
  ASSERT_EQ(traces.size(), 269u);
  std::set<BytesPerSecond> rates;
  std::size_t spans = 0;
  for (std::uint32_t client = 0; client < 2000; ++client) {
    EXPECT_GE(traces.mean(3, client).value, 0.989 * slowest * megabit) << "client " << client;
    EXPECT_LE(traces.mean(3, client).value, 1.011 * fastest * megabit) << "client " << client;
    for (SimTime at{}; at < SimTime{600'000'000'000}; ++spans) {
      const auto [rate, until] = traces.rate(3, client, at);
      ASSERT_TRUE(rate.value == 0 || on_a_step(rate.value) == rate.value) << rate.value << ", client " << client;
      ASSERT_GT(until, at) << "client " << client;
      rates.insert(rate);
      at = until;
    }
  }
  EXPECT_LE(rates.size(), 500u) << "different rates in ten minutes of 2,000 clients";
  EXPECT_GT(spans, 100'000u) << "changes of rate in that time";
}

}  // namespace
}  // namespace edgefuse::sim
