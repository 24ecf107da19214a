#include "sim/event_bag.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace edgefuse::sim {
namespace {

void fill(EventBag& bag, EventBag::Chunks& chunks, std::uint32_t first, std::uint32_t count) {
  for (std::uint32_t actor = first; actor < first + count; ++actor)
    bag.add({SimTime{actor}, actor, 0, 0, Phase::client, 0}, chunks);
}

std::vector<std::uint32_t> drained(EventBag& bag, EventBag::Chunks& chunks) {
  std::vector<std::uint32_t> actors;
  bag.drain(chunks, [&](const Event& event) { actors.push_back(event.actor); });
  std::sort(actors.begin(), actors.end());
  return actors;
}

std::vector<std::uint32_t> from(std::uint32_t first, std::uint32_t count) {
  std::vector<std::uint32_t> actors(count);
  std::iota(actors.begin(), actors.end(), first);
  return actors;
}

TEST(EventBag, KeepsEveryEventOfManyChunks) {
  EventBag::Chunks chunks;
  EventBag bag;
  for (const std::uint32_t count : {0U, 1U, 20U, 21U, 22U, 42U, 1000U}) {
    fill(bag, chunks, 5, count);
    EXPECT_EQ(bag.size(), count);
    EXPECT_EQ(bag.empty(), count == 0);
    EXPECT_EQ(drained(bag, chunks), from(5, count)) << count << " events";
    EXPECT_TRUE(bag.empty());
    EXPECT_EQ(bag.size(), 0U);
  }
}

TEST(EventBag, SharesChunksWithOthersWithoutMixingTheirEvents) {
  EventBag::Chunks chunks;
  EventBag one;
  EventBag other;
  fill(one, chunks, 0, 100);
  fill(other, chunks, 100, 50);
  EXPECT_EQ(drained(one, chunks), from(0, 100));
  fill(other, chunks, 150, 100);  // in chunks that the first one gave back
  EXPECT_EQ(drained(other, chunks), from(100, 150));
}

TEST(EventBag, LeavesNothingWhereItIsMovedFrom) {
  EventBag::Chunks chunks;
  EventBag one;
  fill(one, chunks, 0, 30);
  EventBag moved{std::move(one)};
  fill(one, chunks, 40, 3);  // NOLINT(bugprone-use-after-move): empty, as its contract says
  EXPECT_EQ(drained(one, chunks), from(40, 3));
  EXPECT_EQ(drained(moved, chunks), from(0, 30));
}

}  // namespace
}  // namespace edgefuse::sim
