#include "app/run_command.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/exit_codes.hpp"
#include "app/run/experiment.hpp"
#include "app/run/rows.hpp"
#include "results/result_file.hpp"
#include "tests/app/tiny_world.hpp"
#include "tests/support/failing_calls.hpp"

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;
using edgefuse::testing::Failing;
using edgefuse::testing::KernelCall;
using testing::TinyWorld;

testing::Outcome run(const TinyWorld& world, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"run", world.scenario.string(), "--threads", "1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return testing::edgefuse(arguments);
}

fs::path result_file(const TinyWorld& world) {
  return world.folder / "tiny.h5";
}

/// The name under which the result that is there now will be kept.
fs::path name_to_be_kept(const TinyWorld& world) {
  return world.folder / ("tiny." + results::read_result(result_file(world)).digest.substr(0, 12) + ".h5");
}

std::ptrdiff_t results_in(const fs::path& folder) {
  return std::count_if(fs::directory_iterator{folder}, fs::directory_iterator{},
                       [](const auto& entry) { return entry.path().extension() == ".h5"; });
}

/// Runs the world's scenario, and throws at the moment at which it says that it does `what`.
void abort_at(const TinyWorld& world, const std::string& what) {
  auto assembly = assemble(scenarios::load_scenario(world.scenario.string(), {}), {});
  results::Recorder recorder{result_file(world), run_header(assembly.scenario)};
  const auto stop = [&](const std::string& now) {
    if (now.starts_with(what)) throw std::runtime_error{"aborted"};
  };
  EXPECT_THROW((Experiment{std::move(assembly), recorder, {.progress = stop}}.run()), std::runtime_error)
      << "it never said that it does " << what;
}

TEST(RunCommand, KeepsAnEarlierResultInPlaceThroughStartsThatAreAborted) {
  const TinyWorld world;
  ASSERT_EQ(run(world).code, exit_done);
  const auto digest = results::read_result(result_file(world)).digest;
  for (int start = 0; start < 2; ++start)
    abort_at(world, "round 1: training");
  EXPECT_EQ(results::read_result(result_file(world)).digest, digest);
  EXPECT_EQ(results_in(world.folder), 1);
}

TEST(RunCommand, KeepsAnEarlierResultThroughRunsThatAreAbortedAfterARound) {
  const TinyWorld world;
  ASSERT_EQ(run(world).code, exit_done);
  const auto kept = name_to_be_kept(world);
  for (int start = 0; start < 2; ++start)
    abort_at(world, "round 2: training");
  EXPECT_FALSE(results::read_result(result_file(world)).complete);
  EXPECT_TRUE(results::read_result(kept).complete);
}

TEST(RunCommand, LosesNoneOfThreeRunsThatDifferInASetting) {
  const TinyWorld world;
  std::vector<fs::path> kept;
  for (const auto* seed : {"seed=7", "seed=8", "seed=9"}) {
    const auto outcome = run(world, {"--set", seed});
    ASSERT_EQ(outcome.code, exit_done) << outcome.err;
    if (!kept.empty()) {
      EXPECT_NE(outcome.err.find("kept as " + kept.back().string()), std::string::npos) << outcome.err;
    }
    kept.push_back(name_to_be_kept(world));
  }
  EXPECT_EQ(results::read_result(kept[0]).header.seed, 7U);
  EXPECT_EQ(results::read_result(kept[1]).header.seed, 8U);
  EXPECT_EQ(results::read_result(result_file(world)).header.seed, 9U);
}

TEST(RunCommand, DoesNotPileUpCopiesOfOneResult) {
  const TinyWorld world;
  for (int again = 0; again < 3; ++again)
    ASSERT_EQ(run(world).code, exit_done);
  EXPECT_EQ(results_in(world.folder), 2);
}

TEST(RunCommand, SaysWhatIsOnFileWhenItFails) {
  const TinyWorld world;
  const Failing second_commit{KernelCall::fsync, ENOSPC, 1};
  const auto outcome = run(world);
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_NE(outcome.err.find("No space left on device"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find(result_file(world).string() + " holds what was done before: 1 of 2 rounds\n"),
            std::string::npos)
      << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(results::read_result(result_file(world)).rounds.size(), 1U);
}

TEST(RunCommand, SaysThatNothingIsOnFileWhenItFailsAtOnce) {
  const TinyWorld world;
  const Failing every_commit{KernelCall::fsync, EIO};
  const auto outcome = run(world);
  EXPECT_EQ(outcome.code, exit_failed);
  EXPECT_NE(outcome.err.find("nothing of this run is on file\n"), std::string::npos) << outcome.err;
  EXPECT_EQ(results_in(world.folder), 0);
}

TEST(RunCommand, SaysWhereTheEarlierResultIsWhenItFails) {
  const TinyWorld world;
  ASSERT_EQ(run(world).code, exit_done);
  const auto kept = name_to_be_kept(world);
  const Failing second_commit{KernelCall::fsync, ENOSPC, 1};
  const auto outcome = run(world, {"--set", "seed=8"});
  EXPECT_NE(outcome.err.find("kept as " + kept.string()), std::string::npos) << outcome.err;
  EXPECT_TRUE(results::read_result(kept).complete);
}

}  // namespace
}  // namespace edgefuse::app
