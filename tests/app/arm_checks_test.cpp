#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/app/tiny_world.hpp"

// What an arm needs and a scenario does not give it is said before anything is trained.

namespace edgefuse::app {
namespace {

using testing::complaint;
using testing::TinyWorld;

TEST(ArmChecks, RefuseWhatAnArmWouldMissAfterARoundOfTraining) {
  const TinyWorld world;
  world.replace(world.scenario, "[pruning]",
                "[[network.cell]]\nuplink = \"1 MB/s\"\ndownlink = \"2 MB/s\"\n\n[pruning]");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"recovery.method=masked", "fusion.arm[0].rule=fedit"},
       "fusion.arm[0].rule: \"fedit\" is of low-rank changes, and recovery \"masked\" makes dense ones"},
      {{"recovery.method=masked", "fusion.arm[1].conflict=cr-core"},
       "fusion.arm[1].conflict: \"cr-core\" is of low-rank changes"},
      {{"recovery.method=masked", "fusion.arm[1].conflict=cr-msu"},
       "fusion.arm[1].conflict: \"cr-msu\" is of low-rank changes"},
      {{"fusion.arm[0].rule=della", "fusion.arm[0].settings={density = 0.1, epsilon = 0.2}"},
       "fusion.arm[0].settings: entries would be kept with probabilities from"},
      {{"fusion.arm[0].rule=krum", "protocol.clients_per_round=4"},
       "fusion.arm[0].rule: \"krum\" needs 5 updates at a time, and 4 come at most"},
      {{"fusion.arm[0].rule=slerp", "protocol.kind=asynchronous"},
       "fusion.arm[0].rule: \"slerp\" needs 2 updates at a time, and 1 come at most"},
      {{"recovery.method=correction", "recovery.between_rounds=carry", "pruning.method=sparse-magnitude"},
       "recovery.method: \"correction\" takes off what variants lack, and would again in each of 2 rounds: they are "
       "masked"},
      {{"recovery.method=correction", "recovery.between_rounds=carry", "pruning.alignment.steps=2"},
       "rounds: they are aligned"},
      {{"recovery.method=correction"}, "rounds: the base takes it in"},
      {{"protocol.kind=hierarchical", "fusion.arm[0].rule=regmean"},
       "fusion.arm[0].rule: \"regmean\" needs what clients reveal"},
      {{"protocol.kind=hierarchical", "fusion.arm[1].rule=fedit", "fusion.arm[1].conflict=cr-core"},
       "fusion.arm[1].rule: \"fedit\" needs one rank"}};
  for (const auto& [overrides, says] : cases) {
    const auto problem = complaint(world, overrides);
    EXPECT_NE(problem.find(says), std::string::npos) << says << "\nis not in\n" << problem;
  }
}

}  // namespace
}  // namespace edgefuse::app
