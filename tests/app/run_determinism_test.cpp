#include <gtest/gtest.h>

#include "results/result_file.hpp"
#include "tests/app/tiny_world.hpp"

namespace edgefuse::app {
namespace {

using testing::TinyWorld;

results::ResultFile result_of(const TinyWorld& world, std::vector<std::string> more) {
  const auto file = (world.folder / "result.h5").string();
  std::vector<std::string> arguments = {"run", world.scenario.string(), "--out", file};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto outcome = testing::edgefuse(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return results::read_result(file);
}

TEST(Run, GivesTheSameDigestOnOneThreadAndOnSeveral) {
  const TinyWorld world;
  const auto one = result_of(world, {"--threads", "1"});
  EXPECT_FALSE(one.evaluation.empty()) << "nothing was evaluated, so equal digests would say nothing";
  EXPECT_EQ(one.digest, result_of(world, {"--threads", "2"}).digest);
  EXPECT_EQ(one.digest, result_of(world, {"--threads", "5"}).digest);
}

TEST(Run, GivesAnotherDigestWithAnotherSeed) {
  const TinyWorld world;
  EXPECT_NE(result_of(world, {}).digest, result_of(world, {"--set", "seed=8"}).digest);
}

TEST(Run, HasTheSameEventsUnderTimingAndLearning) {
  const TinyWorld world;
  const auto learning = result_of(world, {});
  const auto timing = result_of(world, {"--set", "fidelity=timing"});
  ASSERT_EQ(learning.events.size(), timing.events.size());
  for (std::size_t i = 0; i < learning.events.size(); ++i) {
    const auto& a = learning.events[i];
    const auto& b = timing.events[i];
    EXPECT_TRUE(a.time == b.time && a.phase == b.phase && a.kind == b.kind && a.actor == b.actor)
        << "event " << i << ": " << learning.header.event_kinds[a.kind] << " of actor " << a.actor << " at "
        << a.time.nanoseconds << " ns, under timing " << timing.header.event_kinds[b.kind] << " of actor " << b.actor
        << " at " << b.time.nanoseconds << " ns";
  }
  EXPECT_FALSE(learning.evaluation.empty());
  EXPECT_TRUE(timing.evaluation.empty()) << "timing touches no tensor, so it has nothing to evaluate";
}

TEST(Run, PredictsForEveryClientWhatTheSimulationThenTakes) {
  const TinyWorld world;
  const auto result = result_of(world, {});
  ASSERT_FALSE(result.plans.empty());
  for (const auto& plan : result.plans) {
    if (plan.outcome != results::Outcome::returned) continue;
    // Links are not shared yet, so nothing but rounding up to nanoseconds, three times, stands between the two.
    EXPECT_NEAR(plan.predicted.value, plan.simulated.value, 4e-9) << "client " << plan.client;
  }
}

}  // namespace
}  // namespace edgefuse::app
