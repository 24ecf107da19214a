#include "sim/availability/cycle.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sim/random.hpp"
#include "tests/sim/availability/at_hours.hpp"

namespace edgefuse::sim {
namespace {

Presence there_until_tick(std::int64_t tick) {
  return {.there = true, .until = SimTime{tick}};
}
Presence away_until_tick(std::int64_t tick) {
  return {.there = false, .until = SimTime{tick}};
}

TEST(Cycle, RepeatsItsStays) {
  const std::vector<Stay> stays{{2, 5}, {7, 8}};
  const Cycle cycle{10, stays};
  EXPECT_EQ(cycle.at({0}, 0), away_until_tick(2));
  EXPECT_EQ(cycle.at({2}, 0), there_until_tick(5));
  EXPECT_EQ(cycle.at({4}, 0), there_until_tick(5));
  EXPECT_EQ(cycle.at({5}, 0), away_until_tick(7));
  EXPECT_EQ(cycle.at({7}, 0), there_until_tick(8));
  EXPECT_EQ(cycle.at({9}, 0), away_until_tick(12)) << "the first stay of the next period";
  EXPECT_EQ(cycle.at({34}, 0), there_until_tick(35));
  EXPECT_EQ(cycle.at({0}, 7), there_until_tick(1)) << "begun at instant 7";
  EXPECT_EQ(cycle.at({4}, 7), away_until_tick(5)) << "instant 11, which is 1";
}

TEST(Cycle, JoinsStaysThatTouch) {
  const std::vector<Stay> stays{{0, 1}, {3, 4}, {4, 6}, {8, 10}};
  const Cycle cycle{10, stays};
  EXPECT_EQ(cycle.at({3}, 0), there_until_tick(6));
  EXPECT_EQ(cycle.at({8}, 0), there_until_tick(11)) << "across the end of the period";
  EXPECT_EQ(cycle.at({0}, 0), there_until_tick(1));
}

TEST(Cycle, KnowsWhoNeverComesAndWhoNeverGoes) {
  const Cycle never{10, {}};
  EXPECT_FALSE(never.ever_there());
  EXPECT_EQ(never.at({3}, 4), (Presence{.there = false, .until = SimTime::never()}));
  const std::vector<Stay> halves{{0, 4}, {4, 10}};
  const Cycle always{10, halves};
  EXPECT_TRUE(always.ever_there());
  EXPECT_EQ(always.at({3}, 4), (Presence{.there = true, .until = SimTime::never()}));
}

TEST(Cycle, SaysNeverForWhatIsBehindTheEndOfTime) {
  const std::vector<Stay> stays{{0, 1}};
  const Cycle cycle{longest_cycle, stays};
  EXPECT_EQ(cycle.at(SimTime{SimTime::never().nanoseconds - 5}, 0), (Presence{false, SimTime::never()}));
}

/// Every pattern of a short period is a row of zeros and ones, looked at instant by instant.
TEST(Cycle, AgreesWithARowOfInstantsWhateverThePattern) {
  Draws draws{{.seed = 21}};
  for (int trial = 0; trial < 300; ++trial) {
    const auto period = 1 + static_cast<std::int64_t>(draws.below(12));
    std::string row;
    std::vector<Stay> stays;
    for (std::int64_t i = 0; i < period; ++i) {
      row += draws.below(2) == 1 ? '1' : '0';
      if (row.back() == '1') stays.push_back({i, i + 1});
    }
    const Cycle cycle{period, stays};
    for (std::int64_t offset = 0; offset < period; ++offset) {
      for (std::int64_t now = 0; now < 2 * period; ++now) {
        const auto state = [&](std::int64_t at) { return row[static_cast<std::size_t>((at + offset) % period)]; };
        auto until = now + 1;
        while (until <= now + period && state(until) == state(now))
          ++until;
        const auto expected = until > now + period ? SimTime::never() : SimTime{until};
        ASSERT_EQ(cycle.at({now}, offset), (Presence{state(now) == '1', expected}))
            << "instant " << now << " of " << row << " begun at " << offset;
      }
    }
  }
}

}  // namespace
}  // namespace edgefuse::sim
