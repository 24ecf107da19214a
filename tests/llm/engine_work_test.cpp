#include <gtest/gtest.h>

#include "llm/costs.hpp"
#include "llm/engine/work.hpp"
#include "tests/llm/engine_fixtures.hpp"

namespace edgefuse::llm::engine {
namespace {

using testing::all_targets;
using testing::random_adapter;
using testing::random_batch;
using testing::random_model;
using testing::small_config;

/// One step in which every position but the last is read and asked.
TrainingJob fully_labelled(const Model& model, const std::vector<Projection>& targets, std::int64_t rows,
                           std::int64_t sequence) {
  const std::vector<std::int64_t> lengths(static_cast<std::size_t>(rows), sequence + 1);
  return {random_adapter(model, targets), {random_batch(model.config, lengths, 1.0, 1)}};
}

/// The base's own weights of a projection, two operations each for every token.
double product(const Model& model, std::size_t layer, Projection p, double tokens) {
  return 2 * tokens * static_cast<double>(model.layers[layer].projection(p).weight.numel());
}

TEST(EngineWork, IsTheCostModelsStepWithoutTheGradientOfTheLowestInput) {
  const Model model = random_model(small_config(), 3, at::kFloat);
  const TrainingJob job = fully_labelled(model, all_targets, 3, 10);
  const double tokens = 3 * 10;
  double expected =
      step_flops(model.config, full_shape(model.config), job.initial.spec, {.rows = 3, .sequence = 10}).value;
  // Nothing lies below q, k and v of layer 0: their dx = dy·W + dh·A is never computed.
  for (const Projection p : {Projection::q, Projection::k, Projection::v})
    expected -=
        product(model, 0, p, tokens) + 2 * tokens * static_cast<double>(job.initial.modules.at({0, p}).a.numel());
  const Work work = work_of(model, {&job, 1});
  EXPECT_NEAR(work.flops, expected, 1e-9 * expected);
  EXPECT_EQ(work.tokens, tokens);
  EXPECT_EQ(work.multiplied_tokens, tokens) << "rows are packed without padding";
}

TEST(EngineWork, EndsAtTheLowestAdaptedModule) {
  const Model model = random_model(small_config(), 3, at::kFloat);
  const TrainingJob down = fully_labelled(model, {Projection::down}, 2, 8);
  TrainingJob last_only = down;
  for (std::size_t layer = 0; layer + 1 < model.layers.size(); ++layer)
    last_only.initial.modules.erase({static_cast<std::int32_t>(layer), Projection::down});
  const auto forward =
      forward_flops(model.config, full_shape(model.config), {.rank = 0, .targets = {}}, {.rows = 2, .sequence = 8})
          .value;
  const double head = 2 * 16 * static_cast<double>(model.head.numel());
  const double adapter = 2 * 16 *
                         static_cast<double>(last_only.initial.modules.begin()->second.a.numel() +
                                             last_only.initial.modules.begin()->second.b.numel());
  const double b_again = 2 * 16 * static_cast<double>(last_only.initial.modules.begin()->second.b.numel());
  EXPECT_NEAR(work_of(model, {&last_only, 1}).flops, forward + head + 2 * adapter + b_again, 1);
  EXPECT_GT(work_of(model, {&down, 1}).flops, work_of(model, {&last_only, 1}).flops);
}

TEST(EngineWork, CountsTheLastLayerAndTheHeadOnlyWhereALabelAsks) {
  const Model model = random_model(small_config(), 3, at::kFloat);
  TrainingJob full = fully_labelled(model, {Projection::q}, 1, 20);
  TrainingJob answer = full;
  auto& labels = answer.steps.front().front().labels;
  std::fill(labels.begin(), labels.end() - 1, no_label);
  const std::size_t last = model.layers.size() - 1;
  double saved = 2 * 2 * 19 * static_cast<double>(model.head.numel());
  for (const Projection p : {Projection::q, Projection::o, Projection::gate, Projection::up, Projection::down})
    saved += 2 * product(model, last, p, 19);  // forward, and dx
  const double keys_unseen = 19.0 * 20 / 2;    // the last position sees all 20 in both
  saved += 6 * 2 * keys_unseen * static_cast<double>(model.layers[last].q.out());
  const auto& factors = full.initial.modules.at({static_cast<std::int32_t>(last), Projection::q});
  saved += 2 * 19 * 3 * static_cast<double>(factors.a.numel() + factors.b.numel());
  EXPECT_NEAR(work_of(model, {&full, 1}).flops - work_of(model, {&answer, 1}).flops, saved, 1);
}

}  // namespace
}  // namespace edgefuse::llm::engine
