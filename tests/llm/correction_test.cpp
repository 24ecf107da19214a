#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "llm/training.hpp"
#include "tests/llm/engine_fixtures.hpp"

// A correction of each step's gradient, as SCAFFOLD has it.

namespace edgefuse::llm {
namespace {

using testing::all_targets;
using testing::autograd_gradients;
using testing::random_adapter;
using testing::random_batch;
using testing::random_model;
using testing::relative_difference;
using testing::rich_config;
using testing::uneven_variant;

TrainingJob two_steps(const Model& model, std::uint32_t member = 0, std::int64_t rank = 3) {
  return {random_adapter(model, all_targets, member, rank),
          {random_batch(model.config, {12, 7}, 0.5, 1 + member), random_batch(model.config, {9, 15}, 0.5, 20 + member)}};
}

/// Numbers as large as gradients are, in the shapes of an adapter.
FactorGradient some_correction(const Model& model, std::uint32_t member = 0, std::int64_t rank = 3) {
  auto modules = random_adapter(model, all_targets, 90 + member, rank).modules;
  for (auto& [id, factors] : modules)
    factors = {.a = factors.a * 0.02, .b = factors.b * 0.03};
  return modules;
}

TrainedAdapter train(const Model& model, const TrainingJob& job, const TrainingOptions& options) {
  return train_gang(model, {&job, 1}, options).front();
}

/// What one step along the clipped gradient plus the correction makes of an adapter, number by number.
Adapter stepped(const Model& model, const Adapter& from, const Batch& batch, const FactorGradient& correction,
                double rate, double clip_norm) {
  const auto gradients = autograd_gradients(model, from, batch).by_module;
  double squares = 0;
  const auto each = [](const at::Tensor& tensor, const auto& f) {
    for (std::int64_t i = 0; i < tensor.size(0); ++i)
      for (std::int64_t j = 0; j < tensor.size(1); ++j)
        f(i, j);
  };
  for (const auto& [id, g] : gradients.modules)
    for (const auto& factor : {g.a, g.b})
      each(factor, [&](auto i, auto j) { squares += std::pow(factor[i][j].template item<double>(), 2); });
  const double clip = std::min(1.0, clip_norm / (std::sqrt(squares) + 1e-6));
  Adapter result{from.spec, {}};
  for (const auto& [id, factors] : from.modules) {
    const auto moved = [&](const at::Tensor& x, const at::Tensor& g, const at::Tensor& c) {
      auto next = x.clone();
      each(x, [&](auto i, auto j) {
        next[i][j] = x[i][j].template item<double>() -
                     rate * (clip * g[i][j].template item<double>() + c[i][j].template item<double>());
      });
      return next;
    };
    const auto& g = gradients.modules.at(id);
    const auto& c = correction.at(id);
    result.modules[id] = {moved(factors.a, g.a, c.a), moved(factors.b, g.b, c.b)};
  }
  return result;
}

TEST(Correction, IsAddedToEveryStepsGradientAfterItIsClipped) {
  const Model model = uneven_variant(random_model(rich_config(), 71, at::kDouble));
  TrainingJob job = two_steps(model);
  job.correction = some_correction(model);
  const TrainingOptions options{.optimiser = Optimiser::sgd, .learning_rate = 0.3, .clip_norm = 0.05};
  const auto trained = train(model, job, options);
  ASSERT_GT(trained.grad_norms[0], 0.05) << "nothing was clipped: the test shows less than it should";
  const auto first = stepped(model, job.initial, job.steps[0], job.correction, 0.3, 0.05);
  const auto second = stepped(model, first, job.steps[1], job.correction, 0.3, 0.05);
  EXPECT_LT(relative_difference(trained.adapter, second), 1e-11);
}

TEST(Correction, IsNoPartOfTheLossesAndNormsThatAreReported) {
  const Model model = random_model(rich_config(), 72);
  TrainingJob job = two_steps(model);
  const TrainingOptions options{.optimiser = Optimiser::sgd, .learning_rate = 0.1};
  const auto plain = train(model, job, options);
  job.correction = some_correction(model);
  const auto corrected = train(model, job, options);
  EXPECT_EQ(plain.losses[0], corrected.losses[0]);
  EXPECT_EQ(plain.grad_norms[0], corrected.grad_norms[0]);
  EXPECT_NE(plain.losses[1], corrected.losses[1]) << "the second step begins elsewhere";
}

TEST(Correction, OfZeroChangesNoBit) {
  const Model model = uneven_variant(random_model(rich_config(), 73));
  for (const auto optimiser : {Optimiser::sgd, Optimiser::adamw}) {
    TrainingJob job = two_steps(model);
    const TrainingOptions options{
        .optimiser = optimiser, .learning_rate = 0.1, .weight_decay = 0.01, .clip_norm = 0.05, .proximal = 0.2};
    const auto plain = train(model, job, options);
    job.correction = some_correction(model);
    for (auto& [id, factors] : job.correction)
      factors = {.a = at::zeros_like(factors.a), .b = at::zeros_like(factors.b)};
    const auto corrected = train(model, job, options);
    EXPECT_EQ(plain.losses, corrected.losses);
    EXPECT_EQ(relative_difference(plain.adapter, corrected.adapter), 0);
  }
}

TEST(Correction, OfEachMemberIsItsOwnInAnyCompany) {
  const Model model = uneven_variant(random_model(rich_config(), 74, at::kDouble));
  std::vector<TrainingJob> jobs = {two_steps(model, 0, 3), two_steps(model, 1, 5), two_steps(model, 2, 2)};
  jobs[0].correction = some_correction(model, 0, 3);
  jobs[1].correction = some_correction(model, 1, 5);  // and the last one has none
  const TrainingOptions options{.optimiser = Optimiser::sgd, .learning_rate = 0.2, .clip_norm = 0.1};
  const auto together = train_gang(model, jobs, options);
  for (std::size_t member = 0; member < jobs.size(); ++member)
    EXPECT_LT(relative_difference(together[member].adapter, train(model, jobs[member], options).adapter), 1e-12)
        << "member " << member;
}

TEST(Correction, LeavesFrozenFactorsAlone) {
  const Model model = random_model(rich_config(), 75);
  TrainingJob job = two_steps(model);
  job.correction = some_correction(model);
  job.trains = Factors::b;
  const auto trained = train(model, job, {.optimiser = Optimiser::sgd, .learning_rate = 0.1}).adapter;
  for (const auto& [id, factors] : trained.modules) {
    EXPECT_TRUE(at::equal(factors.a, job.initial.modules.at(id).a)) << id.name();
    EXPECT_FALSE(at::equal(factors.b, job.initial.modules.at(id).b)) << id.name();
  }
}

}  // namespace
}  // namespace edgefuse::llm
