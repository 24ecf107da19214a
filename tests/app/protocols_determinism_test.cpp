#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "tests/app/tiny_world.hpp"

// Every protocol with clients that leave, crash and damage what they send: the same bits for any number of threads, and
// the same events whether or not anything is learned.

namespace edgefuse::app {
namespace {

using testing::TinyWorld;

struct Way {
  std::string name;
  std::vector<std::string> overrides;
};

void PrintTo(const Way& way, std::ostream* out) {
  *out << way.name;
}

class Protocols : public ::testing::TestWithParam<Way> {
 protected:
  TinyWorld world;

  void SetUp() override {
    world.replace(world.scenario, "[pruning]",
                  "[[network.cell]]\nnumber = 2\nuplink = \"1 MB/s\"\ndownlink = \"2 MB/s\"\n\n[pruning]");
  }

  [[nodiscard]] results::ResultFile run(const std::string& threads, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"run", world.scenario.string(), "--threads", threads};
    for (const auto* overrides : {&GetParam().overrides, &more})
      for (const auto& override : *overrides)
        arguments.insert(arguments.end(), {"--set", override});
    const auto outcome = testing::edgefuse(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return results::read_result(world.folder / "tiny.h5");
  }
};

TEST_P(Protocols, GiveTheSameBitsOnOneThreadAndOnSeveral) {
  const auto one = run("1");
  EXPECT_EQ(one.digest, run("3").digest);
  ASSERT_FALSE(one.evaluation.empty());
  EXPECT_TRUE(std::ranges::all_of(one.evaluation, [](const auto& row) { return std::isfinite(row.value); }));
}

TEST_P(Protocols, HaveTheSameEventsAndFatesUnderTimingAndLearning) {
  const auto learning = run("2");
  const auto timing = run("2", {"fidelity=timing"});
  ASSERT_EQ(learning.events.size(), timing.events.size());
  for (std::size_t i = 0; i < learning.events.size(); ++i)
    ASSERT_TRUE(learning.events[i].time == timing.events[i].time && learning.events[i].kind == timing.events[i].kind &&
                learning.events[i].actor == timing.events[i].actor)
        << "event " << i;
  ASSERT_EQ(learning.plans.size(), timing.plans.size());
  for (std::size_t i = 0; i < learning.plans.size(); ++i) {
    EXPECT_EQ(learning.plans[i].fate, timing.plans[i].fate) << "plan " << i;
    EXPECT_EQ(learning.plans[i].staleness, timing.plans[i].staleness) << "plan " << i;
    EXPECT_EQ(learning.plans[i].outcome == results::Outcome::returned, std::isfinite(learning.plans[i].last_loss))
        << "who is not fused is not trained, plan " << i;
  }
}

const std::vector<std::string> flaky = {"failures.crash=0.15", "failures.corrupt=0.15", "protocol.rounds=6",
                                        "evaluation.every=3"};

Way way(std::string name, std::vector<std::string> overrides) {
  overrides.insert(overrides.end(), flaky.begin(), flaky.end());
  return {std::move(name), std::move(overrides)};
}

INSTANTIATE_TEST_SUITE_P(
    All, Protocols,
    ::testing::Values(
        way("synchronous", {"protocol.settings={over_selection=0.5}"}), way("quorum", {"protocol.settings={quorum=3}"}),
        way("deadline", {"protocol.kind=deadline", "protocol.settings={window=0.8, late=\"keep\"}"}),
        way("buffered", {"protocol.kind=buffered", "protocol.settings={buffer=2}"}),
        way("asynchronous", {"protocol.kind=asynchronous"}), way("hierarchical", {"protocol.kind=hierarchical"}),
        way("markov", {"fleet.availability=markov", "fleet.availability_settings={mean_there=0.01,mean_away=0.01}"})),
    [](const ::testing::TestParamInfo<Way>& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace edgefuse::app
