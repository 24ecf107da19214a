#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "llm/engine/gang.hpp"
#include "llm/training.hpp"
#include "tests/llm/engine_fixtures.hpp"

namespace edgefuse::llm {
namespace {

using testing::all_targets;
using testing::random_adapter;
using testing::random_batch;
using testing::random_model;
using testing::relative_difference;
using testing::rich_config;
using testing::uneven_variant;

TrainingJob two_steps(const Model& model) {
  return {random_adapter(model, all_targets),
          {random_batch(model.config, {12, 7}, 0.5, 1), random_batch(model.config, {9, 15}, 0.5, 2)},
          {.seed = 9, .domain = sim::Domain::dropout_seed}};
}

TrainedAdapter train(const Model& model, const TrainingJob& job, const TrainingOptions& options) {
  return train_gang(model, {&job, 1}, options).front();
}

/// x + factor·(y - z), factor by factor.
Adapter combine(const Adapter& x, double factor, const Adapter& y, const Adapter& z) {
  Adapter result{x.spec, {}};
  for (const auto& [id, factors] : x.modules)
    result.modules[id] = {factors.a + factor * (y.modules.at(id).a - z.modules.at(id).a),
                          factors.b + factor * (y.modules.at(id).b - z.modules.at(id).b)};
  return result;
}

TEST(FedProx, PullsEveryStepBackToTheStart) {
  const Model model = random_model(rich_config(), 61, at::kDouble);
  const TrainingJob both = two_steps(model);
  const TrainingOptions plain{.optimiser = Optimiser::sgd, .learning_rate = 0.1};
  TrainingOptions pulled = plain;
  pulled.proximal = 0.7;
  const Adapter after_one = train(model, {both.initial, {both.steps[0]}}, plain).adapter;
  const Adapter after_two = train(model, {after_one, {both.steps[1]}}, plain).adapter;
  // The first step starts at the start, where nothing pulls.
  const Adapter expected = combine(after_two, -0.1 * 0.7, after_one, both.initial);
  EXPECT_LT(relative_difference(train(model, both, pulled).adapter, expected), 1e-13);
}

TEST(Recomputation, ChangesNoBit) {
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    const Model model = uneven_variant(random_model(rich_config(), 62));
    TrainingOptions options{.dropout = 0.2, .precision = precision};
    const auto kept = train(model, two_steps(model), options);
    options.recompute = true;
    const auto recomputed = train(model, two_steps(model), options);
    EXPECT_EQ(kept.losses, recomputed.losses);
    EXPECT_EQ(relative_difference(kept.adapter, recomputed.adapter), 0);
  }
}

/// The loss of one batch with the dropout masks of seed 5, and its gradients.
testing::Gradients with_dropout(const Model& model, const Adapter& adapter, const Batch& batch) {
  const at::NoGradGuard no_grad;
  const Adapter* member = &adapter;
  const Batch* step = &batch;
  engine::Gang<double> gang{model, {&member, 1}, {.longest = model.config.max_positions, .dropout = 0.4}};
  gang.factors().dropout().begin_step(0, 5);
  const double loss = gang.losses_and_gradients({&step, 1}).front();
  return {loss, gang.factors().store_gradients(0, adapter)};
}

TEST(Dropout, HasTheGradientOfItsLoss) {
  const Model model = uneven_variant(random_model(rich_config(), 63, at::kDouble));
  const Adapter adapter = random_adapter(model, all_targets);
  const Batch batch = random_batch(model.config, {11, 6}, 0.6, 3);
  const auto [loss, gradients] = with_dropout(model, adapter, batch);
  constexpr double h = 1e-5;
  for (const auto& [id, factors] : adapter.modules) {
    for (const bool of_a : {true, false}) {
      const auto moved_by = [&](double step) {
        Adapter moved = adapter;
        auto& chosen = of_a ? moved.modules[id].a : moved.modules[id].b;
        chosen = chosen.clone();
        chosen[1][1] += step;
        return with_dropout(model, moved, batch).loss;
      };
      const auto& gradient = of_a ? gradients.modules.at(id).a : gradients.modules.at(id).b;
      const double expected = (moved_by(h) - moved_by(-h)) / (2 * h);
      EXPECT_NEAR(gradient[1][1].item<double>(), expected, 1e-8) << id.name() << (of_a ? " A" : " B");
    }
  }
}

TEST(Dropout, DiffersFromStepToStepAndFromClientToClient) {
  const Model model = random_model(rich_config(), 64);
  TrainingJob job = two_steps(model);
  job.steps[1] = job.steps[0];
  const TrainingOptions still{.learning_rate = 1e-12, .dropout = 0.5};
  const auto trained = train(model, job, still);
  EXPECT_NE(trained.losses[0], trained.losses[1]);
  job.randomness.client = 1;
  EXPECT_NE(train(model, job, still).losses[0], trained.losses[0]);
}

TEST(Dropout, KeepsTheExpectationOfItsInput) {
  engine::Dropout dropout{0.25, 1};
  dropout.begin_step(0, 17);
  std::vector<double> ones(301 * 97, 1.0);
  std::vector<double> masked(ones.size());
  std::vector<std::int64_t> tokens(301);
  std::iota(tokens.begin(), tokens.end(), 0);
  dropout.apply(0, 3, tokens, MatrixView<const double>{ones.data(), 301, 97, 97}, {masked.data(), 301, 97, 97});
  double sum = 0;
  for (const double value : masked) {
    EXPECT_TRUE(value == 0 || std::abs(value - 4.0 / 3) < 1e-12) << value;
    sum += value;
  }
  EXPECT_NEAR(sum / static_cast<double>(ones.size()), 1, 0.015) << "four standard deviations";
}

TEST(Dropout, LeavesEvaluationAlone) {
  const Model model = random_model(rich_config(), 65);
  const auto dropped = train(model, two_steps(model), {.dropout = 0.5});
  const auto whole = train(model, two_steps(model), {});
  EXPECT_NE(dropped.losses, whole.losses);
  EXPECT_GT(relative_difference(dropped.adapter, whole.adapter), 1e-3);
}

}  // namespace
}  // namespace edgefuse::llm
