#include "llm/pretraining.hpp"

#include <gtest/gtest.h>

#include <vector>

#include <ATen/ATen.h>

#include "llm/reference.hpp"

namespace edgefuse::llm {
namespace {

ModelConfig tiny_config() {
  ModelConfig config;
  config.model_type = "llama";
  config.hidden = 12;
  config.intermediate = 20;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_dim = 6;
  config.vocabulary = 17;
  config.max_positions = 32;
  config.tied_head = true;
  return config;
}

WeightedSequence row(std::vector<std::int64_t> ids, float weight = 1) {
  std::vector<float> weights(ids.size(), weight);
  return {std::move(ids), std::move(weights)};
}

/// Rows of different lengths, more than one task takes.
std::vector<WeightedSequence> mixed_rows() {
  std::vector<WeightedSequence> rows;
  for (std::int64_t i = 0; i < 21; ++i) {
    std::vector<std::int64_t> ids;
    for (std::int64_t t = 0; t < 4 + i % 5; ++t)
      ids.push_back((3 * i + 5 * t) % 17);
    rows.push_back(row(std::move(ids), i % 3 == 0 ? 0.25F : 1.0F));
  }
  return rows;
}

/// Weighted mean negative log-likelihood, row by row.
double expected_loss(const Model& model, const std::vector<WeightedSequence>& rows) {
  const at::NoGradGuard no_grad;
  double sum = 0;
  double weight = 0;
  for (const auto& [ids, weights] : rows) {
    const at::Tensor log_p = at::log_softmax(reference_logits(model, nullptr, at::tensor(ids).unsqueeze(0))[0], -1);
    for (std::size_t t = 1; t < ids.size(); ++t) {
      sum -= static_cast<double>(weights[t]) * log_p[static_cast<std::int64_t>(t) - 1][ids[t]].item<double>();
      weight += static_cast<double>(weights[t]);
    }
  }
  return sum / weight;
}

void expect_same_bits(const Model& a, const Model& b) {
  EXPECT_TRUE(at::equal(a.embedding, b.embedding)) << "embeddings differ";
  EXPECT_TRUE(at::equal(a.final_norm, b.final_norm)) << "final norms differ";
  for (std::size_t i = 0; i < a.layers.size(); ++i)
    for (const auto p : all_projections)
      EXPECT_TRUE(at::equal(a.layers[i].projection(p).weight, b.layers[i].projection(p).weight))
          << projection_name(p) << " of layer " << i << " differs";
}

TEST(InitialModel, HasTheShapesOfItsConfigAndDependsOnTheSeed) {
  const Model model = initial_model(tiny_config(), 4);
  EXPECT_EQ(model.embedding.sizes(), (std::vector<std::int64_t>{17, 12}));
  EXPECT_EQ(model.layers[1].q.weight.sizes(), (std::vector<std::int64_t>{24, 12}));
  EXPECT_EQ(model.layers[1].k.weight.sizes(), (std::vector<std::int64_t>{12, 12}));
  EXPECT_EQ(model.layers[1].o.weight.sizes(), (std::vector<std::int64_t>{12, 24}));
  EXPECT_EQ(model.layers[1].down.weight.sizes(), (std::vector<std::int64_t>{12, 20}));
  EXPECT_TRUE(model.head.is_same(model.embedding)) << "the head is tied";
  expect_same_bits(model, initial_model(tiny_config(), 4));
  EXPECT_FALSE(at::equal(model.embedding, initial_model(tiny_config(), 5).embedding));
  EXPECT_FALSE(at::equal(model.layers[0].gate.weight, model.layers[0].up.weight)) << "matrices share their draws";
}

TEST(PretrainingOptions, WarmUpLinearlyThenFallAsACosine) {
  const PretrainingOptions options{.steps = 110, .warm_up = 10, .learning_rate = 0.5};
  EXPECT_DOUBLE_EQ(options.rate(0), 0.05);
  EXPECT_DOUBLE_EQ(options.rate(9), 0.5);
  EXPECT_DOUBLE_EQ(options.rate(10), 0.5);
  EXPECT_DOUBLE_EQ(options.rate(60), 0.25);
  EXPECT_DOUBLE_EQ(options.rate(109), 0.01) << "a fiftieth of the peak";
}

TEST(Pretrainer, ReportsTheWeightedMeanLossOfEachPart) {
  const Model model = initial_model(tiny_config(), 1);
  Pretrainer pretrainer{model, {.steps = 1}};
  const std::vector<WeightedSequence> other = {row({1, 2, 3}), row({5, 1, 4, 9, 9, 2}, 0.5F)};
  const std::vector<PretrainingPart> parts = {{1, mixed_rows()}, {0.5, {}}, {0.25, other}};
  const auto report = pretrainer.step(parts);
  ASSERT_EQ(report.losses.size(), 3U);
  EXPECT_NEAR(report.losses[0], expected_loss(model, mixed_rows()), 1e-5);
  EXPECT_EQ(report.losses[1], 0) << "no rows";
  EXPECT_NEAR(report.losses[2], expected_loss(model, other), 1e-5);
}

TEST(Pretrainer, FollowsTheGradientOfTheSharedLoss) {
  // The first AdamW step moves every weight by almost exactly the rate against its gradient's sign, so to first order
  // the loss falls by rate · (L1 norm of the gradient), which a finite difference of the step itself confirms.
  const Model model = initial_model(tiny_config(), 2);
  const PretrainingOptions options{
      .steps = 1, .warm_up = 0, .learning_rate = 1e-4, .weight_decay = 0, .epsilon = 1e-12, .clip_norm = 1e9};
  const std::vector<PretrainingPart> parts = {{2, mixed_rows()}};
  Pretrainer pretrainer{model, options};
  const double before = pretrainer.step(parts).losses[0];
  const double after = expected_loss(pretrainer.model(), mixed_rows());
  Model leaves = model;
  leaves.embedding = leaves.head = model.embedding.clone().set_requires_grad(true);
  double l1 = 0;
  std::vector<at::Tensor*> weights = {&leaves.final_norm};
  for (auto& layer : leaves.layers) {
    weights.insert(weights.end(), {&layer.input_norm, &layer.post_attn_norm});
    for (const auto p : all_projections)
      weights.push_back(&layer.projection(p).weight);
  }
  for (auto* weight : weights)
    *weight = weight->clone().set_requires_grad(true);
  weights.push_back(&leaves.embedding);
  at::Tensor sum = at::zeros({});
  double total = 0;
  for (const auto& [ids, row_weights] : mixed_rows()) {
    const at::Tensor log_p = at::log_softmax(reference_logits(leaves, nullptr, at::tensor(ids).unsqueeze(0))[0], -1);
    for (std::size_t t = 1; t < ids.size(); ++t) {
      sum = sum - log_p[static_cast<std::int64_t>(t) - 1][ids[t]] * row_weights[t];
      total += static_cast<double>(row_weights[t]);
    }
  }
  (sum / total).backward();
  for (auto* weight : weights)
    l1 += weight->grad().abs().sum().item<double>();
  EXPECT_NEAR((before - after) / (1e-4 * l1), 1, 0.05) << "fell by " << before - after << ", gradient's L1 norm " << l1;
}

TEST(Pretrainer, GivesTheSameBitsForAnyNumberOfWorkers) {
  const auto trained = [](unsigned workers) {
    Pretrainer pretrainer{initial_model(tiny_config(), 3), {.steps = 3, .warm_up = 1, .workers = workers}};
    for (int i = 0; i < 3; ++i)
      (void)pretrainer.step(std::vector<PretrainingPart>{{1, mixed_rows()}, {0.5, {row({1, 2, 3})}}});
    return pretrainer.model();
  };
  expect_same_bits(trained(1), trained(3));
}

TEST(Pretrainer, LearnsASequenceByHeart) {
  Pretrainer pretrainer{initial_model(tiny_config(), 3),
                        {.steps = 60, .warm_up = 5, .learning_rate = 0.02, .weight_decay = 0}};
  const std::vector<PretrainingPart> parts = {{1, {row({3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5})}}};
  double loss = 0;
  for (int i = 0; i < 60; ++i)
    loss = pretrainer.step(parts).losses[0];
  EXPECT_LT(loss, 0.05) << "log(17) = 2.83 knows nothing";
}

TEST(Pretrainer, LeavesTheGivenModelAlone) {
  const Model model = initial_model(tiny_config(), 6);
  Pretrainer pretrainer{model, {.steps = 1}};
  (void)pretrainer.step(std::vector<PretrainingPart>{{1, {row({1, 2, 3})}}});
  expect_same_bits(model, initial_model(tiny_config(), 6));
  EXPECT_FALSE(at::equal(model.embedding, pretrainer.model().embedding)) << "the step changed nothing";
}

}  // namespace
}  // namespace edgefuse::llm
