#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "results/result_file.hpp"
#include "tests/app/tiny_world.hpp"

namespace edgefuse::app {
namespace {

using testing::TinyWorld;

/// Exit status of a shell command whose output goes to `log`.
int shell(const std::string& command, const std::filesystem::path& log) {
  return std::system(fmt::format("{} > {} 2>&1", command, log.string()).c_str());
}

TEST(Crew, OfSeveralProcessesGivesTheDigestOfOne) {
  const TinyWorld world;
  const auto log = world.folder / "log.txt";
  const std::string launch = "mpirun --allow-run-as-root --oversubscribe";
  if (shell(launch + " --version", log) != 0) GTEST_SKIP() << "mpirun is not here";
  const auto run = [&](const std::string& launcher, const std::string& name) {
    const auto file = world.folder / name;
    const auto command = fmt::format("{} {} run {} --set output.events=true --threads 1 --out {}", launcher,
                                     EDGEFUSE_PROGRAM, world.scenario.string(), file.string());
    EXPECT_EQ(shell(command, log), 0) << testing::text_of(log);
    return results::read_result(file);
  };
  const auto alone = run("", "alone.h5");
  EXPECT_FALSE(alone.evaluation.empty());
  for (const int processes : {2, 3}) {
    const auto together = run(fmt::format("{} -n {}", launch, processes), fmt::format("{}.h5", processes));
    EXPECT_EQ(together.digest, alone.digest) << processes << " processes";
    const auto said = testing::text_of(log);
    EXPECT_EQ(said.find("digest"), said.rfind("digest")) << "only one process prints:\n" << said;
  }
}

TEST(Crew, SaysAMistakeOnceAndExitsLikeOneProcess) {
  const TinyWorld world;
  const auto log = world.folder / "log.txt";
  const std::string launch = "mpirun --allow-run-as-root --oversubscribe -n 2 ";
  if (shell(launch + "--version", log) != 0) GTEST_SKIP() << "mpirun is not here";
  const auto command =
      fmt::format("{} {} run {} --set training.bacth=3", launch, EDGEFUSE_PROGRAM, world.scenario.string());
  const int status = shell(command, log);
  EXPECT_EQ(WEXITSTATUS(status), 2) << testing::text_of(log);
  const auto said = testing::text_of(log);
  EXPECT_NE(said.find("bacth"), std::string::npos) << said;
}

TEST(Crew, EndsWithAMistakeThatOneProcessAloneFinds) {
  const TinyWorld world;
  const auto log = world.folder / "log.txt";
  const std::string launch = "timeout 120 mpirun --allow-run-as-root --oversubscribe ";
  if (shell(launch + "--version", log) != 0) GTEST_SKIP() << "mpirun is not here";
  const auto run = fmt::format("{} run {} --threads 1", EDGEFUSE_PROGRAM, world.scenario.string());
  world.write(world.folder / "file", "");
  const auto bad_file = fmt::format("{} -n 2 {} --out {}/file/x.h5", launch, run, world.folder.string());
  EXPECT_EQ(WEXITSTATUS(shell(bad_file, log)), 2) << testing::text_of(log);
  EXPECT_NE(testing::text_of(log).find("cannot be made"), std::string::npos) << testing::text_of(log);

  const auto out = fmt::format("--out {}/x.h5", world.folder.string());
  const auto bad_second =
      fmt::format("{0} -n 1 {1} {2} : -n 1 {1} {2} --set data.paths='[\"nowhere\"]'", launch, run, out);
  EXPECT_EQ(WEXITSTATUS(shell(bad_second, log)), 2) << testing::text_of(log);
  EXPECT_NE(testing::text_of(log).find("process 1 cannot take part"), std::string::npos) << testing::text_of(log);

  const auto unlike = fmt::format("{0} -n 1 {1} {2} : -n 1 {1} {2} --set seed=99", launch, run, out);
  EXPECT_EQ(WEXITSTATUS(shell(unlike, log)), 2) << testing::text_of(log);
  EXPECT_NE(testing::text_of(log).find("process 1 does not do the same run"), std::string::npos)
      << testing::text_of(log);
}

}  // namespace
}  // namespace edgefuse::app
