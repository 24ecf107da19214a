#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "app/run/assembly.hpp"
#include "tests/app/tiny_world.hpp"

// Several ranks on offer: who takes which, and that all that follows goes by the rank that was taken.

namespace edgefuse::app {
namespace {

using testing::recorded;
using testing::TinyWorld;

const std::string offer = "adapter.ranks=[2,6]";

/// Laptops have memory for the whole model with the smaller rank, and boards for all there is.
struct Ranks : ::testing::Test {
  TinyWorld world;

  void SetUp() override {
    const auto assembly = assemble(testing::scenario_of(world, {offer}), {});
    double least = 0;  // that everybody fits with the smaller rank
    for (std::uint32_t client = 0; client < assembly.fleet.size(); ++client)
      least = std::max(least, assembly.prospects(client)[0].peak_memory.value);
    world.replace(world.scenario, "\"300 kB\"", "\"" + std::to_string(std::llround(least)) + " B\"");
  }
};

TEST_F(Ranks, AreTakenAsTheyFitAndTrainedAndSentAsTheyAre) {
  const auto result = recorded(world, {offer, "protocol.clients_per_round=6"}).result;
  std::map<std::int64_t, double> sent;
  for (const auto& plan : result.plans) {
    EXPECT_EQ(plan.ratio, 0) << "client " << plan.client;
    EXPECT_EQ(plan.rank, result.clients.at(static_cast<std::size_t>(plan.client)).device == "laptop" ? 2 : 6)
        << "client " << plan.client;
    EXPECT_EQ(plan.outcome, results::Outcome::returned) << "client " << plan.client;
    EXPECT_LT(plan.last_loss, plan.first_loss + 1) << "client " << plan.client;
    sent[plan.rank] = plan.sent.value;
  }
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[6], 3 * sent[2]) << "three times the rows of A and columns of B";
}

TEST_F(Ranks, OfOneAloneAreWhatTheRankAloneIs) {
  const auto one = recorded(world, {"adapter.rank=6"}).result;
  const auto list = recorded(world, {"adapter.rank=6", "adapter.ranks=[6]"}).result;
  ASSERT_EQ(one.evaluation.size(), list.evaluation.size());
  for (std::size_t i = 0; i < one.evaluation.size(); ++i)
    EXPECT_EQ(one.evaluation[i].value, list.evaluation[i].value) << "figure " << i;
}

TEST_F(Ranks, ThatDifferGiveTheSameDigestOnAnyNumberOfThreads) {
  const auto digest = [&](const std::string& threads) {
    const auto file = (world.folder / "ranks.h5").string();
    const auto outcome =
        testing::edgefuse({"run", world.scenario.string(), "--out", file, "--set", offer, "--threads", threads});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return results::read_result(file).digest;
  };
  EXPECT_EQ(digest("1"), digest("3"));
}

}  // namespace
}  // namespace edgefuse::app
