#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "sim/heap_queue.hpp"
#include "sim/ladder_queue.hpp"
#include "sim/random.hpp"
#include "sim/simulator.hpp"

namespace edgefuse::sim {
namespace {

enum class Kind : std::uint8_t { tick, reset };

using Key = std::tuple<std::int64_t, Phase, std::uint32_t, std::uint32_t, std::uint32_t, std::uint8_t>;

Key key(const Event& e) {
  return {e.time.nanoseconds, e.phase, e.actor, e.sequence, e.generation, e.kind};
}

/// Finds the first event by looking at all of them.
class NaiveQueue {
 public:
  void push(Event event) { events_.push_back(event); }
  Event pop() {
    const auto first = std::ranges::min_element(events_, {}, key);
    const Event event = *first;
    events_.erase(first);
    return event;
  }
  [[nodiscard]] bool empty() const { return events_.empty(); }
  [[nodiscard]] std::size_t size() const { return events_.size(); }

 private:
  std::vector<Event> events_;
};
static_assert(PendingEvents<NaiveQueue>);

/// A random model: each event schedules up to three others near in time (ties are common), and some cancel an actor.
template <class Queue>
std::vector<Key> history(std::uint64_t seed) {
  constexpr std::uint32_t actors = 7;
  Draws draws{{.seed = seed}};
  Simulator<Kind, Queue> simulator{actors};
  const auto any_kind = [&] { return draws.below(10) == 0 ? Kind::reset : Kind::tick; };
  const auto any_actor = [&] { return static_cast<std::uint32_t>(draws.below(actors)); };
  for (int i = 0; i < 40; ++i) {
    simulator.schedule(SimTime{static_cast<std::int64_t>(draws.below(20))}, static_cast<Phase>(draws.below(4)),
                       any_actor(), any_kind());
  }
  std::vector<Key> keys;
  simulator.run([&](const Event& event, Kind kind) {
    keys.push_back(key(event));
    if (kind == Kind::reset) simulator.cancel(any_actor());
    if (keys.size() > 1500) return;
    for (auto more = draws.below(4); more > 0; --more) {
      const auto delay = static_cast<std::int64_t>(draws.below(4));
      const auto phase = delay > 0 ? static_cast<Phase>(draws.below(4)) : event.phase;
      simulator.schedule(SimTime{event.time.nanoseconds + delay}, phase, any_actor(), any_kind());
    }
  });
  EXPECT_EQ(simulator.counts().handled, keys.size());
  return keys;
}

TEST(SimulatorProperty, AllQueuesTellTheSameHistory) {
  std::size_t longest = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto expected = history<NaiveQueue>(seed);
    EXPECT_EQ(history<HeapQueue>(seed), expected) << "a heap, seed " << seed;
    EXPECT_EQ(history<LadderQueue>(seed), expected) << "a ladder, seed " << seed;
    longest = std::max(longest, expected.size());
  }
  EXPECT_GT(longest, 1500u) << "no history was long enough to show anything";
}

TEST(SimulatorProperty, TimeAndPhaseNeverGoBack) {
  for (std::uint64_t seed = 21; seed <= 30; ++seed) {
    const auto keys = history<LadderQueue>(seed);
    const auto instant = [](const Key& k) { return std::tuple{std::get<0>(k), std::get<1>(k)}; };
    EXPECT_TRUE(std::ranges::is_sorted(keys, {}, instant)) << "seed " << seed;
  }
}

TEST(SimulatorProperty, OrderDoesNotDependOnWhichActorScheduledFirst) {
  Draws draws{{.seed = 31}};
  struct Plan {
    std::int64_t time;
    std::uint32_t actor;
  };
  std::vector<Plan> plans;
  for (std::uint32_t actor = 0; actor < 30; ++actor)
    plans.push_back({static_cast<std::int64_t>(draws.below(5)), actor});
  const auto order = [](const std::vector<Plan>& schedule) {
    Simulator<Kind> simulator{30};
    for (const auto& plan : schedule)
      simulator.schedule(SimTime{plan.time}, Phase::client, plan.actor, Kind::tick);
    std::vector<Key> keys;
    simulator.run([&](const Event& event, Kind) { keys.push_back(key(event)); });
    return keys;
  };
  const auto expected = order(plans);
  for (int i = 0; i < 20; ++i) {
    draws.shuffle(plans);
    EXPECT_EQ(order(plans), expected);
  }
}

}  // namespace
}  // namespace edgefuse::sim
