#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "server/conflict/diagnostics.hpp"
#include "server/fusion/module_source.hpp"
#include "tests/app/rounds_by_hand.hpp"
#include "tests/app/tiny_world.hpp"

// What `output.conflict` leaves of a run, and what a run leaves of how its arms fused.

namespace edgefuse::app {
namespace {

using testing::recorded;
using testing::Rounds;
using testing::text_of;
using testing::TinyWorld;
using testing::whole_with;

TEST(RecordedConflict, IsThatOfTheUpdatesOfEveryRoundThatIsEvaluated) {
  const TinyWorld world;
  const auto overrides = whole_with({"output.conflict=true", "protocol.clients_per_round=3"});
  const auto result = recorded(world, overrides).result;
  std::set<std::int64_t> clients;
  for (const auto& plan : result.plans)
    if (plan.round == 1) clients.insert(plan.client);
  Rounds hand{world, overrides};
  hand.run(1, {clients.begin(), clients.end()});
  const auto modules = server::diagnose(server::source_of(hand.learner.contributions()));
  std::size_t rows = 0;
  std::map<std::int64_t, std::size_t> pairs;  // by round
  for (const auto& row : result.conflict)
    if (row.round == 1) {
      ASSERT_LT(rows, modules.size());
      EXPECT_EQ(row.module, modules[rows].module.name());
      EXPECT_EQ(row.cosine, modules[rows].mean_cosine) << row.module;
      EXPECT_EQ(row.excess, modules[rows].excess) << row.module;
      EXPECT_EQ(row.cancelled, modules[rows].cancelled_mass) << row.module;
      ++rows;
    }
  EXPECT_EQ(rows, modules.size());
  for (const auto& pair : result.conflict_pairs)
    ++pairs[pair.round];
  EXPECT_EQ(pairs, (std::map<std::int64_t, std::size_t>{{1, 3 * modules.size()}, {2, 3 * modules.size()}}));
}

TEST(RecordedConflict, OfTheLastRoundIsDrawnBesideTheFile) {
  const TinyWorld world;
  (void)recorded(world, {"output.conflict=true"});
  const auto picture = world.folder / "recorded.conflict.svg";
  ASSERT_TRUE(std::filesystem::exists(picture));
  const auto svg = text_of(picture);
  EXPECT_NE(svg.find("Conflict between the updates of round 2"), std::string::npos);
  EXPECT_NE(svg.find("client "), std::string::npos);
}

TEST(RecordedConflict, IsNotThereUnlessItIsWanted) {
  const TinyWorld world;
  const auto result = recorded(world).result;
  EXPECT_TRUE(result.conflict.empty());
  EXPECT_TRUE(result.conflict_pairs.empty());
  EXPECT_FALSE(std::filesystem::exists(world.folder / "recorded.conflict.svg"));
}

TEST(RecordedFusion, IsOfThePrimaryArmInEveryRoundAndOfAllWhereTheyAreJudged) {
  const TinyWorld world;
  const auto result = recorded(world, {"protocol.rounds=3", "evaluation.every=2"}).result;
  std::map<std::int64_t, std::set<std::string>> arms;
  for (const auto& row : result.fusion)
    arms[row.round].insert(row.arm);
  const std::set<std::string> all = {"fused", "fused+cr-sign"};
  EXPECT_EQ(arms, (std::map<std::int64_t, std::set<std::string>>{{1, {"fused"}}, {2, all}, {3, all}}));
}

TEST(RecordedFusion, IsTheSameWhetherAModelIsJudgedOrNot) {
  const TinyWorld world;
  const auto judged = recorded(world).result;
  const auto not_judged = recorded(world, {"evaluation.models=[\"base\", \"adapters\"]"}).result;
  ASSERT_EQ(judged.fusion.size(), not_judged.fusion.size());
  for (std::size_t i = 0; i < judged.fusion.size(); ++i) {
    EXPECT_EQ(judged.fusion[i].arm, not_judged.fusion[i].arm);
    EXPECT_EQ(judged.fusion[i].error, not_judged.fusion[i].error) << judged.fusion[i].arm;
  }
}

}  // namespace
}  // namespace edgefuse::app
