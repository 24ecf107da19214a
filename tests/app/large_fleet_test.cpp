#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "results/result_file.hpp"
#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

const auto scenario = (edgefuse::testing::project_root() / "scenarios/bench/million.toml").string();

/// The shipped scenario with a fleet and rounds that a test can wait for.
results::ResultFile run_million(std::vector<std::string> overrides) {
  const auto file = (edgefuse::testing::scratch_folder() / "million.h5").string();
  std::vector<std::string> arguments = {"run", scenario, "--out", file};
  overrides.insert(overrides.end(), {"fleet.clients=3000", "protocol.rounds=4", "protocol.clients_per_round=30"});
  for (const auto& override : overrides)
    arguments.insert(arguments.end(), {"--set", override});
  const auto outcome = testing::edgefuse(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("clients       3000 in the fleet, 120 picked: 120 returned"), std::string::npos)
      << outcome.out;
  return results::read_result(file);
}

TEST(LargeFleet, NeedsNoRowForEveryClient) {
  const auto without = run_million({});
  EXPECT_TRUE(without.clients.empty());
  EXPECT_EQ(without.header.clients, 3000);
  const auto with = run_million({"output.clients=true"});
  EXPECT_EQ(with.clients.size(), 3000U);
  ASSERT_EQ(with.rounds.size(), without.rounds.size());
  for (std::size_t i = 0; i < with.rounds.size(); ++i)
    EXPECT_EQ(with.rounds[i].end, without.rounds[i].end) << "what is recorded changes nothing, round " << i + 1;
}

TEST(LargeFleet, OfOneKindOfDataHoldsItOnce) {
  const auto result = run_million({"output.clients=true"});
  for (const auto& client : result.clients)
    ASSERT_EQ(client.examples, 100) << client.device;
}

}  // namespace
}  // namespace edgefuse::app
