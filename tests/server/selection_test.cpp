#include "server/selection/selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

namespace edgefuse::server {
namespace {

using Clients = std::vector<std::uint32_t>;

Clients chosen(const Clients& candidates, std::uint32_t count, std::uint32_t round, std::uint64_t seed = 1) {
  return selections().make("uniform")->select({.seed = seed, .round = round, .candidates = candidates, .count = count});
}

const Clients candidates = {31, 4, 15, 92, 6, 53, 58, 97, 9, 32};

TEST(UniformSelection, ChoosesDistinctCandidatesInRisingOrder) {
  for (std::uint32_t round = 0; round < 50; ++round) {
    const auto picked = chosen(candidates, 4, round);
    EXPECT_EQ(picked.size(), 4U);
    EXPECT_TRUE(std::ranges::is_sorted(picked));
    EXPECT_EQ((std::set<std::uint32_t>{picked.begin(), picked.end()}.size()), 4U);
    for (const auto client : picked)
      EXPECT_NE(std::ranges::find(candidates, client), candidates.end()) << client;
  }
}

TEST(UniformSelection, DoesNotDependOnTheOrderOfCandidates) {
  auto reversed = candidates;
  std::ranges::reverse(reversed);
  for (std::uint32_t round = 0; round < 20; ++round)
    EXPECT_EQ(chosen(candidates, 3, round), chosen(reversed, 3, round));
}

TEST(UniformSelection, TakesEverybodyWhenTooFewAreThere) {
  EXPECT_EQ(chosen({9, 2, 5}, 7, 0), (Clients{2, 5, 9}));
  EXPECT_EQ(chosen({}, 7, 0), Clients{});
  EXPECT_EQ(chosen(candidates, 0, 0), Clients{});
}

TEST(UniformSelection, DependsOnRoundAndSeed) {
  std::set<Clients> by_round;
  std::set<Clients> by_seed;
  for (std::uint32_t i = 0; i < 20; ++i) {
    by_round.insert(chosen(candidates, 5, i));
    by_seed.insert(chosen(candidates, 5, 0, i));
  }
  EXPECT_GT(by_round.size(), 15U) << "20 draws of 252 subsets";
  EXPECT_GT(by_seed.size(), 15U);
}

/// 4000 rounds of 3 in 10: each client is expected 1200 times, standard deviation 29.
TEST(UniformSelection, IsFairToEveryCandidate) {
  std::vector<int> times(100, 0);
  for (std::uint32_t round = 0; round < 4000; ++round)
    for (const auto client : chosen(candidates, 3, round))
      ++times[client];
  for (const auto client : candidates)
    EXPECT_NEAR(times[client], 1200, 5 * 29) << "client " << client;
}

}  // namespace
}  // namespace edgefuse::server
