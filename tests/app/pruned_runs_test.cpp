#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "results/summary.hpp"
#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

// Runs in which variants are more than slices of one sorted base: that everything fits together, that both fidelities
// see the same events, and that the same scenario gives the same bits.

namespace edgefuse::app {
namespace {

class PrunedRuns : public ::testing::Test {
 protected:
  std::string path = (edgefuse::testing::project_root() / "scenarios/what-if/pruning-ratio.toml").string();

  [[nodiscard]] results::Summary run(std::vector<std::string> overrides) const {
    for (const char* small : {"fleet.clients=8", "training.epochs=1", "data.examples_per_client=8", "public.texts=4",
                              "protocol.rounds=2", "evaluation.questions=2", "evaluation.models=[\"fused\"]"})
      overrides.emplace_back(small);
    const auto file = (edgefuse::testing::scratch_folder() / "run.h5").string();
    std::vector<std::string> arguments = {"run", path, "--out", file};
    for (const auto& override : overrides)
      arguments.insert(arguments.end(), {"--set", override});
    const auto outcome = testing::edgefuse(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return results::summarise(results::read_result(file));
  }
};

const std::vector<std::vector<std::string>> ways = {
    {"pruning.method=flap"},
    {"pruning.method=random", "pruning.masks=3", "pruning.policy_settings={ratio=0.5}"},
    {"pruning.method=wanda", "pruning.settings={pattern=\"2:4\"}", "pruning.ratios=[0,0.5]",
     "pruning.policy_settings={ratio=0.5}", "recovery.method=masked"},
    {"pruning.alignment.steps=2", "pruning.policy_settings={ratio=0.5}"},
    {"recovery.between_rounds=carry", "pruning.policy_settings={ratio=0.5}"},
    {"recovery.between_rounds=carry", "pruning.method=random", "pruning.masks=2",
     "pruning.policy_settings={ratio=0.5}"},
    {"recovery.method=correction", "recovery.between_rounds=carry", "pruning.policy_settings={ratio=0.5}"},
    {"recovery.retraining.steps=2"},
    {"pruning.method=block-influence", "recovery.between_rounds=carry", "pruning.policy_settings={ratio=0.5}"},
    {"pruning.method=random", "pruning.budget=layers", "pruning.alignment.steps=2", "base.storage=int8",
     "pruning.policy_settings={ratio=0.5}"},
    {"pruning.method=taylor", "pruning.budget=layers", "recovery.method=correction", "recovery.between_rounds=carry",
     "pruning.policy_settings={ratio=0.75}"},
};

std::string text_of(const std::vector<std::string>& way) {
  std::string text;
  for (const auto& key : way)
    text += key + " ";
  return text;
}

TEST_F(PrunedRuns, GiveTheSameBitsTwice) {
  for (const auto& way : ways) {
    const auto once = run(way);
    EXPECT_EQ(once.versions, 2) << text_of(way);
    EXPECT_EQ(run(way).digest, once.digest) << text_of(way);
  }
}

TEST_F(PrunedRuns, TakeAsLongUnderTimingAsTheyDoWhenTheyLearn) {
  for (auto way : ways) {
    const auto learning = run(way);
    way.emplace_back("fidelity=timing");
    const auto timing = run(way);
    EXPECT_EQ(timing.virtual_time.nanoseconds, learning.virtual_time.nanoseconds) << text_of(way);
    EXPECT_EQ(timing.returned, learning.returned) << text_of(way);
  }
}

}  // namespace
}  // namespace edgefuse::app
