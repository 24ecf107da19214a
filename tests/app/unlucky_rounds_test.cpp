#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "app/run/experiment.hpp"
#include "app/run/rows.hpp"
#include "sim/error.hpp"
#include "tests/app/tiny_world.hpp"

// Rounds that bring nothing, and models whose output is not finite: what a run records of them, and that it goes on.

namespace edgefuse::app {
namespace {

using testing::recorded;
using testing::TinyWorld;

std::vector<results::EvaluationRow> rows_of(const results::ResultFile& result, std::string_view model,
                                            std::int64_t round) {
  std::vector<results::EvaluationRow> rows;
  std::ranges::copy_if(result.evaluation, std::back_inserter(rows),
                       [&](const auto& row) { return row.model == model && row.round == round; });
  return rows;
}

std::vector<double> values(const std::vector<results::EvaluationRow>& rows) {
  std::vector<double> all;
  for (const auto& row : rows)
    all.push_back(row.value);
  return all;
}

/// Half of the clients cannot train, and a round picks one: some rounds bring nothing.
struct RoundsWithoutAnybody : ::testing::Test {
  TinyWorld world;
  std::vector<std::string> overrides = {"protocol.clients_per_round=1", "evaluation.every=1",
                                        "training.learning_rate=0.05"};

  void SetUp() override { world.replace(world.scenario, "\"300 kB\"", "\"1 kB\""); }

  [[nodiscard]] testing::Recorded run(std::int64_t rounds, int seed, bool timing) const {
    auto all = overrides;
    all.push_back("protocol.rounds=" + std::to_string(rounds));
    all.push_back("seed=" + std::to_string(seed));
    if (timing) all.insert(all.end(), {"fidelity=timing", "evaluation.every=0"});
    return recorded(world, all);
  }
  /// A seed whose rounds have the given numbers of clients.
  [[nodiscard]] int seed_with(const std::vector<std::int64_t>& started) const {
    for (int seed = 1; seed < 200; ++seed) {
      std::vector<std::int64_t> found;
      for (const auto& round : run(std::ssize(started), seed, true).result.rounds)
        found.push_back(round.started);
      if (found == started) return seed;
    }
    ADD_FAILURE() << "no seed under 200 picks such clients";
    return 0;
  }
};

TEST_F(RoundsWithoutAnybody, DoNotRaiseTheVersion) {
  const int seed = seed_with({1, 0, 1, 0});
  for (const bool timing : {true, false}) {
    const auto [result, err] = run(4, seed, timing);
    std::vector<std::int64_t> versions;
    for (const auto& round : result.rounds)
      versions.push_back(round.version);
    EXPECT_EQ(versions, (std::vector<std::int64_t>{1, 1, 2, 2})) << (timing ? "timing" : "learning");
    EXPECT_TRUE(result.complete);
    EXPECT_NE(err.find("round 2 brought nothing to fuse: the base stays at version 1\n"), std::string::npos) << err;
    EXPECT_EQ(err.find("round 3 brought"), std::string::npos) << err;
  }
}

TEST_F(RoundsWithoutAnybody, AreJudgedByWhatTheRoundsBeforeThemMade) {
  const auto result = run(2, seed_with({1, 0}), false).result;
  const auto after_first = values(rows_of(result, "fused", 1));
  ASSERT_FALSE(after_first.empty());
  EXPECT_NE(after_first, values(rows_of(result, "base", 0))) << "round 1 changed the base";
  EXPECT_EQ(values(rows_of(result, "fused", 2)), after_first) << "round 2 changed nothing";
  EXPECT_EQ(values(rows_of(result, "fused+cr-sign", 2)), after_first)
      << "every arm's model is the base, which is the first arm's";
  for (const auto& row : result.evaluation)
    EXPECT_FALSE(row.round == 2 && row.model.starts_with("adapter:")) << "nobody sent an adapter in round 2";
}

TEST_F(RoundsWithoutAnybody, LeaveTheUntouchedBaseWhenNoneBringsAnything) {
  const auto result = run(1, seed_with({0}), false).result;
  EXPECT_EQ(values(rows_of(result, "fused", 1)), values(rows_of(result, "base", 0)));
  EXPECT_EQ(result.rounds.at(0).version, 0);
}

/// A decay so wide that it multiplies the factors by -9999 in every step, until float32 ends.
const std::vector<std::string> divergent_training = {"training.learning_rate=100", "training.weight_decay=100",
                                                     "training.schedule=constant", "training.steps=12"};

TEST(RefusedUpdates, AreNotAVersionAndTheBaseIsJudgedInTheirPlace) {
  const TinyWorld world;
  const auto [result, err] = recorded(world, divergent_training);
  ASSERT_EQ(result.rounds.size(), 2U);
  for (const auto& round : result.rounds) {
    EXPECT_EQ(round.refused, 4);
    EXPECT_EQ(round.version, 0);
  }
  EXPECT_EQ(values(rows_of(result, "fused", 2)), values(rows_of(result, "base", 0)));
  EXPECT_NE(err.find("round 2 brought nothing to fuse"), std::string::npos) << err;
  EXPECT_NE(err.find("round 1: training of 4 clients ("), std::string::npos) << err;
}

/// A third arm whose model overflows.
struct ArmThatDiverges : ::testing::Test {
  TinyWorld world;
  void SetUp() override {
    world.replace(world.scenario, "[evaluation]",
                  "[[fusion.arm]]\nname = \"wild\"\nrule = \"task-arithmetic\"\nsettings = { lambda = 1e30 }\n\n"
                  "[evaluation]");
  }
};

TEST_F(ArmThatDiverges, IsNamedAndRecordedWithoutAFigureWhileTheOthersKeepTheirs) {
  const auto [result, err] = recorded(world);
  EXPECT_TRUE(result.complete);
  for (const std::int64_t round : {1, 2}) {
    const auto wild = rows_of(result, "wild", round);
    ASSERT_EQ(wild.size(), 1U) << "one row for the metric, over all domains";
    EXPECT_EQ(wild[0].metric, "loss");
    EXPECT_EQ(wild[0].domain, "all");
    EXPECT_TRUE(std::isnan(wild[0].value) && std::isnan(wild[0].low) && std::isnan(wild[0].high));
    EXPECT_EQ(wild[0].n, 0);
    for (const auto* model : {"fused", "fused+cr-sign"}) {
      ASSERT_EQ(rows_of(result, model, round).size(), 3U) << model << ": over all, and for each of two domains";
      for (const auto& row : rows_of(result, model, round))
        EXPECT_TRUE(std::isfinite(row.value)) << model;
    }
    EXPECT_NE(err.find("round " + std::to_string(round) + ": wild has no loss: "), std::string::npos) << err;
  }
}

TEST_F(ArmThatDiverges, ChangesNothingForTheOthers) {
  const TinyWorld tame;
  const auto with = recorded(world).result;
  const auto without = recorded(tame).result;
  for (const std::int64_t round : {1, 2})
    EXPECT_EQ(values(rows_of(with, "fused", round)), values(rows_of(without, "fused", round)));
}

TEST_F(ArmThatDiverges, EndsAllLearningWhenItIsThePrimaryAndTheRunSaysSo) {
  const auto [result, err] = recorded(world, {"fusion.primary=wild"});
  EXPECT_TRUE(result.complete);
  ASSERT_EQ(result.rounds.size(), 2U);
  EXPECT_EQ(result.rounds[0].version, 1);
  EXPECT_EQ(result.rounds[1].version, 1) << "nobody can train on a base that is not finite";
  EXPECT_EQ(result.rounds[1].refused, 4);
  EXPECT_NE(err.find("round 2: fused has no loss"), std::string::npos) << err;
}

/// Ends a run in its tracks, as a crash would.
struct Stop : std::exception {};

TEST(Rounds, AreOnFileBeforeTheirModelsAreJudged) {
  const TinyWorld world;
  const auto file = world.folder / "stopped.h5";
  const auto scenario = testing::scenario_of(world);
  const auto stop = [](const std::string& what) {
    if (what == "round 2: evaluating") throw Stop{};
  };
  {
    results::Recorder recorder{file, run_header(scenario)};
    Experiment experiment{assemble(scenario, {}), recorder, {.progress = stop}};
    EXPECT_THROW(experiment.run(), Stop);
  }
  const auto kept = results::read_result(file);
  EXPECT_FALSE(kept.complete);
  ASSERT_EQ(kept.rounds.size(), 2U);
  EXPECT_EQ(kept.rounds[1].version, 2);
  EXPECT_EQ(std::ranges::count(kept.plans, 2, &results::PlanRow::round), 4);
  EXPECT_EQ(kept.events.back().time, kept.rounds[1].end) << "with its events, the fusion included";
  EXPECT_FALSE(rows_of(kept, "fused", 1).empty()) << "and round 1 with its figures";
}

TEST(Evaluator, NamesTheModelThatCannotBeMade) {
  const TinyWorld world;
  const auto assembly = assemble(testing::scenario_of(world), {});
  const std::vector<Subject> subjects = {
      {"wild", []() -> llm::Model { throw std::runtime_error{"there is no memory left"}; }}};
  try {
    (void)assembly.evaluator->evaluate(1, subjects, {.workers = 2});
    FAIL() << "judged a model that is not there";
  } catch (const RunError& error) {
    EXPECT_STREQ(error.what(), "evaluating wild: there is no memory left");
  }
}

TEST_F(ArmThatDiverges, GivesTheSameDigestOnAnyNumberOfThreads) {
  const auto digest = [&](const std::string& threads) {
    const auto file = (world.folder / "result.h5").string();
    const auto outcome = testing::edgefuse({"run", world.scenario.string(), "--out", file, "--threads", threads});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return results::read_result(file).digest;
  };
  EXPECT_EQ(digest("1"), digest("3"));
}

}  // namespace
}  // namespace edgefuse::app
