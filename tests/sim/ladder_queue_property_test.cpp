#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/heap_queue.hpp"
#include "sim/ladder_queue.hpp"
#include "sim/random.hpp"

namespace edgefuse::sim {
namespace {

/// How far ahead of the event just handled the next ones lie, in ns.
struct Increments {
  std::string name;
  std::function<std::int64_t(Draws&)> draw;
};

std::vector<Increments> all_increments() {
  const auto exponential = [](Draws& draws, double mean) {
    return static_cast<std::int64_t>(-mean * std::log(draws.uniform()));
  };
  return {{"exponential", [=](Draws& draws) { return exponential(draws, 1e9); }},
          {"a few ticks", [](Draws& draws) { return static_cast<std::int64_t>(draws.below(3)); }},
          {"the same instant", [](Draws&) { return std::int64_t{0}; }},
          {"near or far", [=](Draws& draws) { return exponential(draws, draws.below(10) == 0 ? 1e12 : 1e3); }},
          {"a power law",
           [](Draws& draws) { return static_cast<std::int64_t>(std::min(1e17, 10 / std::pow(draws.uniform(), 4))); }},
          {"equal steps", [](Draws&) { return std::int64_t{1'000'000}; }}};
}

bool same(const Event& a, const Event& b) {
  return !before(a, b) && !before(b, a) && a.kind == b.kind && a.generation == b.generation;
}

/// Pushes and pops both queues at random around `population` pending events; false at the first difference.
testing::AssertionResult agree(const Increments& increments, std::uint32_t population, std::uint64_t seed) {
  Draws draws{{.seed = seed, .round = population}};
  HeapQueue heap;
  LadderQueue ladder;
  std::int64_t now = 0;
  std::uint32_t pushed = 0;
  for (std::uint32_t step = 0; step < 12 * population; ++step) {
    const bool growing = step < population || draws.below(2) == 0;
    if (growing || heap.empty()) {
      const Event event{
          SimTime{now + increments.draw(draws)}, static_cast<std::uint32_t>(draws.below(9)), pushed++, pushed % 3,
          static_cast<Phase>(draws.below(4)),    static_cast<std::uint8_t>(draws.below(5))};
      heap.push(event);
      ladder.push(event);
    } else {
      const Event expected = heap.pop();
      const Event actual = ladder.pop();
      now = expected.time.nanoseconds;
      if (!same(actual, expected))
        return testing::AssertionFailure()
               << "step " << step << ": event " << actual.sequence << " at " << actual.time.nanoseconds
               << " ns instead of " << expected.sequence << " at " << expected.time.nanoseconds << " ns";
    }
    if (ladder.size() != heap.size())
      return testing::AssertionFailure() << "step " << step << ": " << ladder.size() << " events, not " << heap.size();
  }
  while (!heap.empty())
    if (!same(ladder.pop(), heap.pop())) return testing::AssertionFailure() << "while the queues were emptied";
  return ladder.empty() ? testing::AssertionSuccess() : testing::AssertionFailure() << "events are left";
}

TEST(LadderQueueProperty, GivesTheEventsOfTheHeapInItsOrder) {
  for (const auto& increments : all_increments())
    for (const std::uint32_t population : {1U, 7U, 100U, 2'000U, 40'000U})
      EXPECT_TRUE(agree(increments, population, 5)) << increments.name << ", about " << population << " pending";
}

TEST(LadderQueueProperty, TellsOfEveryEventBeforeItsTurnOnce) {
  Draws draws{{.seed = 3}};
  LadderQueue queue;
  constexpr std::uint32_t events = 5'000;
  for (std::uint32_t i = 0; i < events; ++i)
    queue.push({SimTime{static_cast<std::int64_t>(draws.below(1'000'000))}, i, 0, 0, Phase::client, 0});
  std::vector<int> opened(events);
  while (!queue.empty()) {
    const Event event = queue.pop([&](const Event& soon) { ++opened[soon.actor]; });
    EXPECT_EQ(opened[event.actor], 1) << "event " << event.actor;
  }
}

TEST(LadderQueueProperty, TakesAWholeFleetThatActsAtOneInstant) {
  LadderQueue queue;
  constexpr std::uint32_t clients = 200'000;
  for (std::uint32_t i = 0; i < clients; ++i)
    queue.push({SimTime{7}, i, 0, 0, Phase::completion, 0});
  for (std::uint32_t i = 0; i < clients; ++i) {
    EXPECT_EQ(queue.pop().actor, i);
    queue.push({SimTime{7}, i, 1, 0, Phase::client, 0});
  }
  for (std::uint32_t i = 0; i < clients; ++i)
    EXPECT_EQ(queue.pop().actor, i) << "in the later phase";
}

}  // namespace
}  // namespace edgefuse::sim
