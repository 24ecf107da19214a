#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "results/result_file.hpp"
#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

// The shipped what-if scenarios under the timing fidelity, held to the virtual times they gave when they were written.

namespace edgefuse::app {
namespace {

/// Ends of all rounds in ns of virtual time.
std::vector<std::int64_t> round_ends(const std::string& scenario, const std::vector<std::string>& overrides) {
  const auto file = (edgefuse::testing::scratch_folder() / "what-if.h5").string();
  const auto path = edgefuse::testing::project_root() / "scenarios/what-if" / scenario;
  std::vector<std::string> arguments = {"run", path.string(), "--out", file};
  for (const auto& override : overrides)
    arguments.insert(arguments.end(), {"--set", override});
  const auto outcome = testing::edgefuse(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  std::vector<std::int64_t> ends;
  for (const auto& round : results::read_result(file).rounds)
    ends.push_back(round.end.nanoseconds);
  return ends;
}

TEST(WhatIf, ASlowUplinkIsWhatRoundsWaitFor) {
  const auto slow = round_ends("uplink-bottleneck.toml", {});
  EXPECT_EQ(slow, (std::vector<std::int64_t>{32413431163, 64866747498, 97102715816, 130106835759, 162738724590}));
  const auto fast = round_ends("uplink-bottleneck.toml", {"network.uplink=\"3 MB/s\""});
  EXPECT_EQ(fast, (std::vector<std::int64_t>{8587937446, 17175874892, 25763812338, 32732369332, 41320306778}));
  EXPECT_EQ(round_ends("uplink-bottleneck.toml", {"network.uplink=\"100 MB/s\""}), fast)
      << "a faster line than anybody needs changes nothing";
}

}  // namespace
}  // namespace edgefuse::app
