#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "llm/costs.hpp"
#include "llm/engine/tensor_gang.hpp"
#include "llm/engine/work.hpp"
#include "llm/pretraining.hpp"
#include "llm/scoring.hpp"
#include "llm/training.hpp"
#include "tests/llm/engine_fixtures.hpp"
#include "tests/support/assets.hpp"

// A variant without some of its layers is the model of the others, whatever looks at it: here beside a model that never
// had them.
namespace edgefuse::llm {
namespace {

using testing::all_targets;

/// Five layers, and which of them stay.
struct Case {
  std::vector<std::int32_t> kept;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << fmt::format("layers {} of 5", fmt::join(c.kept, ", "));
}

class DroppedLayers : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr std::int32_t layers = 5;

  static ModelConfig config() {
    auto config = testing::rich_config();
    config.layers = layers;
    return config;
  }
  [[nodiscard]] VariantShape shape() const {
    auto shape = full_shape(config());
    const std::set<std::int32_t> kept{GetParam().kept.begin(), GetParam().kept.end()};
    for (std::int32_t l = 0; l < layers; ++l)
      if (!kept.contains(l)) shape.layers[static_cast<std::size_t>(l)] = {};
    return shape;
  }
  /// Only the layers that stay, numbered from 0.
  static Model shallow(const Model& base) {
    Model model = base;
    model.layers.clear();
    for (const auto l : GetParam().kept)
      model.layers.push_back(base.layers[static_cast<std::size_t>(l)]);
    model.config.layers = std::ssize(model.layers);
    return model;
  }
  static Adapter renumbered(const Adapter& adapter) {
    Adapter result{adapter.spec, {}};
    const auto& kept = GetParam().kept;
    for (std::size_t i = 0; i < kept.size(); ++i)
      for (const auto p : all_targets)
        result.modules[{static_cast<std::int32_t>(i), p}] = adapter.modules.at({kept[i], p});
    return result;
  }
};

TEST_P(DroppedLayers, LeaveTheLogitsOfTheOthers) {
  const auto base = testing::random_model(config(), 4, at::kDouble);
  const auto variant = slice(base, shape());
  const auto adapter = testing::random_adapter(variant, all_targets);
  EXPECT_EQ(adapter.modules.size(), GetParam().kept.size() * all_targets.size()) << "a dropped layer has no adapter";
  const auto ids = at::tensor({3, 1, 4, 1, 5, 9, 2}, at::kLong).unsqueeze(0);
  const auto other = renumbered(adapter);
  EXPECT_TRUE(at::equal(reference_logits(variant, &adapter, ids), reference_logits(shallow(base), &other, ids)));
}

TEST_P(DroppedLayers, TrainAsTheOthersDo) {
  const auto base = testing::random_model(config(), 4);
  const auto variant = slice(base, shape());
  const auto adapter = testing::random_adapter(variant, all_targets);
  const std::vector<Batch> steps = {testing::random_batch(base.config, {5, 9}, 0.3, 0),
                                    testing::random_batch(base.config, {7}, 1, 1)};
  for (const bool recompute : {false, true}) {
    const TrainingOptions options{.learning_rate = 0.01, .recompute = recompute};
    const auto trained =
        train_gang(variant, std::vector<TrainingJob>{{.initial = adapter, .steps = steps}}, options).front();
    const auto expected =
        train_gang(shallow(base), std::vector<TrainingJob>{{.initial = renumbered(adapter), .steps = steps}}, options)
            .front();
    EXPECT_EQ(trained.losses, expected.losses);
    EXPECT_EQ(testing::relative_difference(renumbered(trained.adapter), expected.adapter), 0)
        << (recompute ? "recomputed" : "kept");
  }
}

TEST_P(DroppedLayers, HaveTheSameGradientsOnADevicesEngine) {
  const auto base = testing::random_model(config(), 4, at::kDouble);
  const auto variant = slice(base, shape());
  const std::vector<Adapter> adapters = {testing::random_adapter(variant, {Projection::q, Projection::down})};
  const std::vector<Batch> batches = {testing::random_batch(base.config, {5, 9}, 0.3, 0)};
  const auto host = testing::engine_gradients<double>(variant, adapters, batches).front();
  const auto device =
      testing::gang_gradients<engine::TensorGang<double>>(variant, adapters, batches, {.longest = 64}).front();
  EXPECT_NEAR(host.loss, device.loss, 1e-12);
  EXPECT_LT(testing::relative_difference(host.by_module, device.by_module), 1e-10);
}

TEST_P(DroppedLayers, CostWhatTheOthersCost) {
  const auto base = testing::random_model(config(), 4);
  auto others = config();
  others.layers = std::ssize(GetParam().kept);
  const LoraSpec spec{.rank = 3, .alpha = 6, .targets = all_targets};
  const StepShape step{.rows = 2, .sequence = 9};
  const auto variant = slice(base, shape());
  const auto cost = variant_cost(config(), shape(), spec, step);
  const auto expected = variant_cost(others, full_shape(others), spec, step);
  EXPECT_EQ(cost.parameters, variant.parameters());
  EXPECT_EQ(cost.adapter_parameters, expected.adapter_parameters);
  EXPECT_EQ(cost.upload, expected.upload);
  EXPECT_EQ(cost.forward.value, expected.forward.value);
  EXPECT_EQ(cost.backward.value, expected.backward.value);
  const double norms = 2 * 2 * static_cast<double>((layers - others.layers) * (others.hidden + others.head_dim));
  EXPECT_EQ(cost.peak_memory.value, expected.peak_memory.value + norms)
      << "norms, two bytes each, stay where their layer is gone";
  const std::vector<TrainingJob> jobs = {{.initial = testing::random_adapter(variant, all_targets),
                                          .steps = {testing::random_batch(base.config, {5, 9}, 0.3, 0)}}};
  const std::vector<TrainingJob> other_jobs = {{.initial = renumbered(jobs[0].initial), .steps = jobs[0].steps}};
  EXPECT_EQ(engine::work_of(variant, jobs).flops, engine::work_of(shallow(base), other_jobs).flops);
}

TEST_P(DroppedLayers, AreStillMissingInAFileReadBack) {
  auto plain = testing::small_config();
  plain.layers = layers;
  const auto variant = slice(testing::random_model(plain, 4), shape());
  const auto folder = edgefuse::testing::scratch_folder();
  save_model(variant, folder, at::kFloat);
  const auto back = load_model(folder);
  const auto ids = at::tensor({3, 1, 4, 1, 5}, at::kLong).unsqueeze(0);
  EXPECT_TRUE(at::equal(reference_logits(variant, nullptr, ids), reference_logits(back, nullptr, ids)));
  for (std::size_t l = 0; l < back.layers.size(); ++l)
    EXPECT_EQ(back.layers[l].dropped(), shape().layers[l].dropped()) << "layer " << l;
}

TEST_P(DroppedLayers, CanBeHeldQuantised) {
  const auto base = testing::random_model(config(), 4);
  const auto variant = hold(slice(base, shape()), Precision::fp32, Quantisation::int8);
  const auto others = hold(shallow(base), Precision::fp32, Quantisation::int8);
  const auto adapter = testing::random_adapter(variant, all_targets);
  const std::vector<Batch> steps = {testing::random_batch(base.config, {5, 9}, 0.3, 0)};
  const auto losses = [&](const Model& model, Adapter initial) {
    return train_gang(model, std::vector<TrainingJob>{{.initial = std::move(initial), .steps = steps}}, {})
        .front()
        .losses;
  };
  EXPECT_EQ(losses(variant, adapter), losses(others, renumbered(adapter)));
}

TEST_P(DroppedLayers, GoOnWithTheirPreTrainingAsTheOthersDo) {
  const auto base = testing::random_model(config(), 4);
  const std::vector<PretrainingPart> parts = {{.rows = {{.ids = {1, 5, 3, 8}, .weights = {0, 1, 1, 1}}}}};
  const auto trained = [&](const Model& model) {
    Pretrainer pretrainer{model, {.steps = 2, .warm_up = 0, .learning_rate = 0.01}};
    for (int step = 0; step < 2; ++step)
      (void)pretrainer.step(parts);
    return pretrainer.model();
  };
  const auto ids = at::tensor({3, 1, 4, 1, 5}, at::kLong).unsqueeze(0);
  EXPECT_TRUE(at::equal(reference_logits(trained(slice(base, shape())), nullptr, ids),
                        reference_logits(trained(shallow(base)), nullptr, ids)));
}

INSTANTIATE_TEST_SUITE_P(Of5, DroppedLayers,
                         ::testing::Values(Case{{0, 1, 2, 3}}, Case{{1, 2, 4}}, Case{{0, 4}}, Case{{2}}),
                         [](const auto& tested) { return fmt::format("keeps{}", fmt::join(tested.param.kept, "")); });

}  // namespace
}  // namespace edgefuse::llm
