#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "results/result_file.hpp"
#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

// The shipped scenarios on real models and data, with fewer steps and questions than docs/measured.md has.

namespace edgefuse::app {
namespace {

results::ResultFile result_of(const std::string& scenario, const std::vector<std::string>& overrides) {
  const auto file = (edgefuse::testing::scratch_folder() / "result.h5").string();
  const auto path = edgefuse::testing::project_root() / "scenarios/real" / scenario;
  std::vector<std::string> arguments = {"run", path.string(), "--out", file, "--threads", "2"};
  for (const auto& override : overrides)
    arguments.insert(arguments.end(), {"--set", override});
  const auto outcome = testing::edgefuse(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return results::read_result(file);
}

const results::EvaluationRow& figure(const results::ResultFile& result, std::string_view model,
                                     std::string_view metric) {
  const auto found = std::ranges::find_if(result.evaluation, [&](const results::EvaluationRow& row) {
    return row.model == model && row.metric == metric && row.domain == "all";
  });
  if (found == result.evaluation.end()) throw std::runtime_error{"no " + std::string{metric} + " of the model"};
  return *found;
}

/// What memory decided: more than one ratio, or the scenario says nothing about unequal devices.
std::size_t ratios_trained(const results::ResultFile& result) {
  std::set<double> ratios;
  for (const auto& plan : result.plans)
    if (plan.outcome == results::Outcome::returned) ratios.insert(plan.ratio);
  return ratios.size();
}

void expect_fusion_learned(const results::ResultFile& result) {
  const auto& base = figure(result, "base", "loss");
  for (const auto* fused : {"fused", "fused+cr-sign"})
    EXPECT_LT(figure(result, fused, "loss").value, base.low) << fused << " against a base of " << base.value;
  EXPECT_GT(ratios_trained(result), 1U);
}

TEST(RealScenario, InstructionsOfTenOrganisationsLowerTheHeldOutLoss) {
  EDGEFUSE_NEEDS_ASSET("data/models/minimind2-small/model.safetensors");
  EDGEFUSE_NEEDS_ASSET("data/dolly-15k-fl10/local_training_0.json");
  expect_fusion_learned(
      result_of("dolly.toml", {"training.steps=6", "data.held_out=0.002", "evaluation.models=[\"base\", \"fused\"]"}));
}

TEST(RealScenario, WordsOfTwelveSpeakersLowerTheHeldOutLoss) {
  EDGEFUSE_NEEDS_ASSET("data/models/stories15m/model.safetensors");
  EDGEFUSE_NEEDS_ASSET("data/text-corpora/tinyshakespeare.txt");
  expect_fusion_learned(result_of(
      "shakespeare.toml", {"training.steps=3", "data.held_out=0.05", "evaluation.models=[\"base\", \"fused\"]"}));
}

TEST(RealScenario, MmluGoesTheWholePathToACrossDomainTable) {
  EDGEFUSE_NEEDS_ASSET("data/models/minimind2-small/model.safetensors");
  EDGEFUSE_NEEDS_ASSET("data/mmlu");
  const auto result =
      result_of("mmlu.toml", {"data.examples_per_client=8", "evaluation.questions=8", "evaluation.composites=12"});
  for (const auto* model : {"base", "fused", "fused+cr-sign"}) {
    EXPECT_EQ(figure(result, model, "accuracy").n, 4 * 8) << model;
    EXPECT_EQ(figure(result, model, "composite_all").n, 12) << model;
    EXPECT_EQ(figure(result, model, "composite_all").chance, 1.0 / 16) << model;
    EXPECT_LT(figure(result, model, "accuracy").low, 0.5) << model << " cannot know MMLU: it is at chance";
  }
  EXPECT_GT(ratios_trained(result), 1U);
}

/// Mean over all trained clients of their loss in the last step.
double final_training_loss(const results::ResultFile& result) {
  double sum = 0;
  double count = 0;
  for (const auto& plan : result.plans) {
    if (plan.outcome != results::Outcome::returned) continue;
    sum += plan.last_loss;
    ++count;
  }
  return sum / count;
}

void expect_bf16_ends_where_fp32_does(const std::string& scenario, std::vector<std::string> overrides) {
  overrides.insert(overrides.end(), {"evaluation.models=[\"fused\"]", "training.precision=\"fp32\""});
  const auto exact = result_of(scenario, overrides);
  overrides.back() = "training.precision=\"bf16\"";
  const auto rounded = result_of(scenario, overrides);
  const double loss = final_training_loss(exact);
  EXPECT_NEAR(final_training_loss(rounded), loss, 0.01 * loss) << scenario << ", in training";
  const double held_out = figure(exact, "fused", "loss").value;
  EXPECT_NEAR(figure(rounded, "fused", "loss").value, held_out, 0.01 * held_out) << scenario << ", fused";
  EXPECT_NE(figure(rounded, "fused", "loss").value, held_out) << "bf16 should round something";
}

TEST(RealScenario, OfInstructionsEndsAlikeInBf16) {
  EDGEFUSE_NEEDS_ASSET("data/models/minimind2-small/model.safetensors");
  EDGEFUSE_NEEDS_ASSET("data/dolly-15k-fl10/local_training_0.json");
  expect_bf16_ends_where_fp32_does("dolly.toml", {"training.steps=4", "data.held_out=0.002"});
}

TEST(RealScenario, OfSpeakersEndsAlikeInBf16) {
  EDGEFUSE_NEEDS_ASSET("data/models/stories15m/model.safetensors");
  EDGEFUSE_NEEDS_ASSET("data/text-corpora/tinyshakespeare.txt");
  expect_bf16_ends_where_fp32_does("shakespeare.toml", {"training.steps=3", "data.held_out=0.02"});
}

}  // namespace
}  // namespace edgefuse::app
