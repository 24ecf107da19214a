#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "tests/app/tiny_world.hpp"

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;

/// A limit on the size of files stands in for a full disk: HDF5 sees a write that fails, at any moment of a run.
TEST(Run, EndsInOneMessageWhereverTheDiskIsFull) {
  const testing::TinyWorld world;
  const auto log = world.folder / "log.txt";
  int failed = 0;
  for (const int kilobytes : {1, 20, 60, 100}) {
    const auto command =
        fmt::format("trap '' XFSZ; ulimit -f {}; exec {} run {} --set fidelity=timing --out {} 2> {}", kilobytes,
                    EDGEFUSE_PROGRAM, world.scenario.string(), (world.folder / "full.h5").string(), log.string());
    const int status = std::system(fmt::format("bash -c \"{}\"", command).c_str());
    ASSERT_TRUE(WIFEXITED(status)) << kilobytes << " kB";
    if (WEXITSTATUS(status) == 0) continue;  // it fitted
    ++failed;
    EXPECT_EQ(WEXITSTATUS(status), 1) << kilobytes << " kB:\n" << testing::text_of(log);
    EXPECT_NE(testing::text_of(log).find("File too large"), std::string::npos) << testing::text_of(log);
    EXPECT_EQ(testing::text_of(log).find("errno"), std::string::npos) << testing::text_of(log);
  }
  EXPECT_GT(failed, 1) << "hardly any limit was low enough to fail";
}

}  // namespace
}  // namespace edgefuse::app
