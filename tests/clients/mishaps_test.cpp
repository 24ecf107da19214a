#include "clients/mishaps.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace edgefuse::clients {
namespace {

constexpr std::uint32_t many = 20'000;

/// How often `happens` in many participations.
template <class Happens>
double share(const MishapRates& rates, const Happens& happens) {
  std::uint32_t times = 0;
  for (std::uint32_t client = 0; client < many; ++client)
    times += happens(draw_mishaps(rates, 1, client, 3)) ? 1 : 0;
  return times / static_cast<double>(many);
}

TEST(Mishaps, HappenAsOftenAsTheirRatesSay) {
  const MishapRates rates{.crash = 0.2, .corrupt = 0.05, .slow_down = 0.1, .slow_down_factor = 4};
  const auto sigma = [](double p) { return std::sqrt(p * (1 - p) / many); };
  EXPECT_NEAR(share(rates, [](const Mishaps& m) { return m.crash_at.has_value(); }), 0.2, 5 * sigma(0.2));
  EXPECT_NEAR(share(rates, [](const Mishaps& m) { return m.corrupt; }), 0.05, 5 * sigma(0.05));
  EXPECT_NEAR(share(rates, [](const Mishaps& m) { return m.slowness == 4; }), 0.1, 5 * sigma(0.1));
}

TEST(Mishaps, OfNoRatesAreNone) {
  for (std::uint32_t client = 0; client < 100; ++client) {
    const auto mishaps = draw_mishaps({}, 1, client, 1);
    EXPECT_EQ(mishaps.slowness, 1);
    EXPECT_FALSE(mishaps.crash_at || mishaps.corrupt);
  }
}

TEST(Mishaps, OfTheLoadTakeNothingToTwiceItsMean) {
  const MishapRates rates{.background_load = 0.2};
  double sum = 0;
  for (std::uint32_t client = 0; client < many; ++client) {
    const double load = 1 - 1 / draw_mishaps(rates, 1, client, 1).slowness;
    ASSERT_GE(load, 0);
    ASSERT_LE(load, 0.4);
    sum += load;
  }
  EXPECT_NEAR(sum / many, 0.2, 5 * 0.4 / std::sqrt(12.0 * many));
}

TEST(Mishaps, OfOneRateDoNotDependOnTheOthers) {
  const MishapRates few{.crash = 0.3};
  const MishapRates more{.crash = 0.3, .corrupt = 0.5, .slow_down = 0.5, .slow_down_factor = 2, .background_load = 0.3};
  for (std::uint32_t client = 0; client < 200; ++client)
    EXPECT_EQ(draw_mishaps(few, 1, client, 1).crash_at, draw_mishaps(more, 1, client, 1).crash_at) << client;
}

}  // namespace
}  // namespace edgefuse::clients
