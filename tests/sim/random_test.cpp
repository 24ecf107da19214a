#include "sim/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <set>
#include <vector>

#include <Random123/philox.h>

namespace edgefuse::sim {
namespace {

using Words = std::array<std::uint32_t, 4>;

Words philox(Words counter, std::array<std::uint32_t, 2> key) {
  const auto out = r123::Philox4x32{}({{counter[0], counter[1], counter[2], counter[3]}}, {{key[0], key[1]}});
  return {out[0], out[1], out[2], out[3]};
}

Words next_four(Draws& draws) {
  return {draws.bits(), draws.bits(), draws.bits(), draws.bits()};
}

// tests/kat_vectors of Random123 1.14, lines "philox4x32 10".
TEST(Random, GeneratorAgreesWithThePublishedVectors) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, StreamStartsWithThePublishedVectorOfZeros) {
  Draws draws{{.seed = 0, .domain = static_cast<Domain>(0), .round = 0, .client = 0}};
  EXPECT_EQ(next_four(draws), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
}

TEST(Random, CounterIsBlockClientRoundDomainAndKeyIsTheSeed) {
  Draws draws{{.seed = 0x1122334455667788, .domain = Domain::selection, .round = 7, .client = 9}};
  EXPECT_EQ(next_four(draws), philox({0, 9, 7, 0x200}, {0x55667788, 0x11223344}));
  EXPECT_EQ(next_four(draws), philox({1, 9, 7, 0x200}, {0x55667788, 0x11223344}));
}

TEST(Random, CopyKeepsThePosition) {
  Draws draws{{.seed = 3}};
  static_cast<void>(draws.normal());
  static_cast<void>(draws.bits());
  Draws copy = draws;
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(draws.normal(), copy.normal());
  EXPECT_EQ(draws.bits(), copy.bits());
}

TEST(Random, NumbersBelowABoundStayBelowIt) {
  Draws draws{{.seed = 5}};
  for (const std::uint64_t bound : {1ull, 2ull, 3ull, 1000ull, 0x8000000000000001ull, ~0ull}) {
    for (int i = 0; i < 200; ++i)
      EXPECT_LT(draws.below(bound), bound);
  }
}

TEST(Random, ShuffleIsAPermutation) {
  std::vector<int> items(50);
  std::iota(items.begin(), items.end(), 0);
  Draws draws{{.seed = 6}};
  auto shuffled = items;
  draws.shuffle(shuffled);
  EXPECT_NE(shuffled, items);
  std::ranges::sort(shuffled);
  EXPECT_EQ(shuffled, items);
}

TEST(Random, SampleHasDistinctMembersOfThePopulation) {
  Draws draws{{.seed = 7}};
  for (const std::uint32_t count : {0u, 1u, 5u, 12u}) {
    const auto sample = draws.sample(12, count);
    ASSERT_EQ(sample.size(), count);
    EXPECT_EQ(std::set(sample.begin(), sample.end()).size(), count);
    for (const auto member : sample)
      EXPECT_LT(member, 12u);
  }
}

TEST(RandomDeathTest, RefusesASampleLargerThanItsPopulation) {
  Draws draws{{.seed = 8}};
  EXPECT_DEATH(static_cast<void>(draws.sample(3, 4)), "no larger than its population");
  EXPECT_DEATH(static_cast<void>(draws.below(0)), "no number is below 0");
  EXPECT_DEATH(static_cast<void>(draws.gamma(0)), "positive shape");
}

}  // namespace
}  // namespace edgefuse::sim
