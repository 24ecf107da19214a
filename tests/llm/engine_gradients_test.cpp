#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/llm/engine_fixtures.hpp"

namespace edgefuse::llm {
namespace {

using testing::all_targets;
using testing::autograd_gradients;
using testing::engine_gradients;
using testing::random_adapter;
using testing::random_batch;
using testing::random_model;
using testing::relative_difference;
using testing::rich_config;
using testing::small_config;
using testing::uneven_variant;

constexpr double exact = 1e-10;

/// Each module on its own scale: a small gradient that is wrong must not hide behind a large one.
void expect_autograd(const Model& model, const std::vector<Projection>& targets, const Batch& batch,
                     double tolerance = exact) {
  const Adapter adapter = random_adapter(model, targets);
  const auto expected = autograd_gradients(model, adapter, batch);
  const auto actual = engine_gradients<double>(model, {adapter}, {batch}).front();
  EXPECT_NEAR(actual.loss, expected.loss, tolerance * expected.loss);
  ASSERT_EQ(actual.by_module.modules.size(), expected.by_module.modules.size());
  for (const auto& [id, factors] : expected.by_module.modules) {
    const Adapter one{adapter.spec, {{id, actual.by_module.modules.at(id)}}};
    EXPECT_LT(relative_difference(one, {adapter.spec, {{id, factors}}}), tolerance) << id.name();
  }
}

TEST(EngineGradients, AreThoseOfAutogradForAPlainLlama) {
  const Model model = random_model(small_config(), 3, at::kDouble);
  expect_autograd(model, all_targets, random_batch(model.config, {9, 14, 5}, 0.7, 1));
}

TEST(EngineGradients, AreThoseOfAutogradWithBiasesAndHeadNorms) {
  const Model model = random_model(rich_config(), 3, at::kDouble);
  expect_autograd(model, all_targets, random_batch(model.config, {9, 14, 5}, 0.7, 2));
}

TEST(EngineGradients, AreThoseOfAutogradWithBiasesEverywhere) {
  ModelConfig config = small_config();
  config.qkv_bias = config.o_bias = config.mlp_bias = true;
  const Model model = random_model(config, 3, at::kDouble);
  expect_autograd(model, all_targets, random_batch(config, {8, 11}, 0.7, 3));
}

TEST(EngineGradients, AreThoseOfAutogradOnAVariantOfUnevenLayers) {
  const Model model = uneven_variant(random_model(rich_config(), 4, at::kDouble));
  ASSERT_FALSE(model.layers[1].down.weight.is_contiguous()) << "the variant should be a slice, not a copy";
  expect_autograd(model, all_targets, random_batch(model.config, {9, 14, 5}, 0.7, 4));
}

TEST(EngineGradients, AreThoseOfAutogradWithATiedHeadAndScaledRotation) {
  ModelConfig config = small_config();
  config.tied_head = true;
  config.rope_scaling = Llama3RopeScaling{.factor = 4, .original_positions = 16};
  const Model model = random_model(config, 5, at::kDouble);
  expect_autograd(model, all_targets, random_batch(config, {20, 3}, 0.7, 5));
}

TEST(EngineGradients, AreThoseOfAutogradForRowsLongerThanABlockOfQueries) {
  ModelConfig config = small_config();
  config.max_positions = 200;
  const Model model = random_model(config, 6, at::kDouble);
  expect_autograd(model, all_targets, random_batch(config, {150, 65, 64}, 0.5, 6));
}

TEST(EngineGradients, AreThoseOfAutogradWhenFewPositionsHaveALabel) {
  const Model model = random_model(rich_config(), 7, at::kDouble);
  expect_autograd(model, all_targets, random_batch(model.config, {30, 41, 12}, 0.05, 7));
}

TEST(EngineGradients, AreThoseOfAutogradWhenEveryPositionHasALabel) {
  const Model model = random_model(rich_config(), 7, at::kDouble);
  expect_autograd(model, all_targets, random_batch(model.config, {13, 8}, 1, 8));
}

TEST(EngineGradients, IgnoreALabelAtTheFirstPositionAndARowWithoutLabels) {
  const Model model = random_model(small_config(), 8, at::kDouble);
  Batch batch = random_batch(model.config, {7, 6, 9}, 0.5, 9);
  batch[1].labels.assign(batch[1].labels.size(), no_label);
  batch[1].labels[0] = batch[1].ids[0];
  batch[0].labels[0] = batch[0].ids[0];
  expect_autograd(model, all_targets, batch);
}

TEST(EngineGradients, AreThoseOfAutogradForAModelOfOneLayer) {
  ModelConfig config = small_config();
  config.layers = 1;
  const Model model = random_model(config, 9, at::kDouble);
  expect_autograd(model, all_targets, random_batch(config, {12, 10}, 0.2, 10));
}

TEST(EngineGradients, AreThoseOfAutogradWhenATextIsLongerThanAPass) {
  ModelConfig config = small_config();
  config.max_positions = 2000;
  const Model model = random_model(config, 10, at::kDouble);
  const std::int64_t longer = engine::default_token_budget + 30;
  expect_autograd(model, {Projection::v}, random_batch(config, {40, longer, 50}, 0.3, 11));
}

/// Every single target stops the backward somewhere else.
class EngineTarget : public ::testing::TestWithParam<Projection> {};

TEST_P(EngineTarget, HasTheGradientsOfAutograd) {
  const Model model = uneven_variant(random_model(rich_config(), 11, at::kDouble));
  expect_autograd(model, {GetParam()}, random_batch(model.config, {9, 14, 5}, 0.4, 12));
}

TEST_P(EngineTarget, HasTheGradientsOfAutogradWhenOnlyOneLayerIsAdapted) {
  const Model model = random_model(rich_config(), 12, at::kDouble);
  const Batch batch = random_batch(model.config, {9, 14, 5}, 0.4, 13);
  for (std::int32_t layer = 0; layer < 3; ++layer) {
    Adapter adapter = random_adapter(model, {GetParam()});
    std::erase_if(adapter.modules, [&](const auto& module) { return module.first.layer != layer; });
    const auto expected = autograd_gradients(model, adapter, batch);
    const auto actual = engine_gradients<double>(model, {adapter}, {batch}).front();
    EXPECT_LT(relative_difference(actual.by_module, expected.by_module), exact) << "layer " << layer;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, EngineTarget, ::testing::ValuesIn(all_projections),
                         [](const auto& chosen) { return std::string{projection_name(chosen.param)}; });

TEST(EngineGradients, InSinglePrecisionAreCloseToThoseInDouble) {
  const Model exact_model = random_model(rich_config(), 13, at::kDouble);
  const Model model = random_model(rich_config(), 13, at::kFloat);
  const Batch batch = random_batch(model.config, {30, 14, 25}, 0.4, 14);
  const auto expected =
      engine_gradients<double>(exact_model, {random_adapter(exact_model, all_targets)}, {batch}).front();
  const auto actual = engine_gradients<float>(model, {random_adapter(model, all_targets)}, {batch}).front();
  EXPECT_NEAR(actual.loss, expected.loss, 1e-5);
  EXPECT_LT(relative_difference(actual.by_module, expected.by_module), 2e-5);
}

TEST(EngineGradients, AllowAnotherRankForEveryModule) {
  const Model model = random_model(small_config(), 14, at::kDouble);
  Adapter adapter = random_adapter(model, all_targets);
  const Adapter wider = random_adapter(model, all_targets, 1, 5);
  adapter.modules.at({0, Projection::v}) = wider.modules.at({0, Projection::v});
  const Batch batch = random_batch(model.config, {9, 14}, 0.4, 15);
  const auto expected = autograd_gradients(model, adapter, batch);
  const auto actual = engine_gradients<double>(model, {adapter}, {batch}).front();
  EXPECT_LT(relative_difference(actual.by_module, expected.by_module), exact);
}

}  // namespace
}  // namespace edgefuse::llm
