#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "llm/packed_adapters.hpp"
#include "llm/training.hpp"
#include "tests/llm/engine_fixtures.hpp"

// A matrix R between factors that stay: A = R·basis (LoRA-XS, Fed-SB).

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

at::Tensor product(const at::Tensor& x, const at::Tensor& y) {
  auto result = at::zeros({x.size(0), y.size(1)}, x.options());
  for (std::int64_t i = 0; i < x.size(0); ++i)
    for (std::int64_t j = 0; j < y.size(1); ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < x.size(1); ++k)
        sum += x[i][k].item<double>() * y[k][j].item<double>();
      result[i][j] = sum;
    }
  return result;
}

/// R and basis of A's size: neither is a special matrix.
TrainingJob of_cores(const Model& model, std::uint32_t member = 0, std::int64_t rank = 3) {
  TrainingJob job{
      random_adapter(model, all_targets, member, rank),
      {random_batch(model.config, {12, 7}, 0.5, 1 + member), random_batch(model.config, {9, 15}, 0.5, 20 + member)}};
  for (auto& [id, factors] : job.initial.modules) {
    const auto r = factors.b.narrow(0, 0, rank).contiguous() + at::eye(rank, factors.b.options());
    job.cores[id] = {.r = r, .basis = factors.a};
    factors.a = product(r, factors.a);
  }
  return job;
}

TrainedAdapter train(const Model& model, const TrainingJob& job, const TrainingOptions& options) {
  return train_gang(model, {&job, 1}, options).front();
}

/// The cores after one step of gradient descent on R, by the chain rule from autograd's ∂L/∂A.
Cores stepped(const Model& model, const TrainingJob& from, std::size_t step, double rate, double clip_norm) {
  const auto gradients = autograd_gradients(model, from.initial, from.steps[step]).by_module;
  std::map<ModuleId, at::Tensor> by_r;
  double squares = 0;
  for (const auto& [id, core] : from.cores) {
    by_r[id] = product(gradients.modules.at(id).a, core.basis.t());
    squares += by_r[id].square().sum().item<double>();
  }
  const double clip = std::min(1.0, clip_norm / (std::sqrt(squares) + 1e-6));
  auto cores = from.cores;
  for (auto& [id, core] : cores)
    core.r = core.r - rate * clip * by_r.at(id);
  return cores;
}

TEST(CoreTraining, StepsAlongTheGradientOfRAlone) {
  const Model model = uneven_variant(random_model(rich_config(), 81, at::kDouble));
  const auto job = of_cores(model);
  for (const double clip_norm : {1e6, 0.05}) {
    const auto trained = train(model, job, {.optimiser = Optimiser::sgd, .learning_rate = 0.3, .clip_norm = clip_norm});
    auto by_hand = job;
    for (std::size_t step = 0; step < job.steps.size(); ++step) {
      by_hand.cores = stepped(model, by_hand, step, 0.3, clip_norm);
      for (auto& [id, factors] : by_hand.initial.modules)
        factors.a = product(by_hand.cores.at(id).r, by_hand.cores.at(id).basis);
    }
    EXPECT_LT(relative_difference(trained.adapter, by_hand.initial), 1e-11) << "clipped to " << clip_norm;
    for (const auto& [id, core] : by_hand.cores) {
      EXPECT_LT((trained.cores.at(id).to(at::kDouble) - core.r).abs().max().item<double>(), 1e-6) << id.name();
      EXPECT_FALSE(at::equal(core.r, job.cores.at(id).r)) << id.name() << " did not move";
    }
  }
}

TEST(CoreTraining, KeepsEveryBitOfBAndTheRowsOfTheBasis) {
  const Model model = uneven_variant(random_model(rich_config(), 82));
  const auto job = of_cores(model);
  const auto trained = train(model, job, {.learning_rate = 0.05, .weight_decay = 0.1, .proximal = 0.2});
  for (const auto& [id, factors] : trained.adapter.modules) {
    EXPECT_TRUE(at::equal(factors.b, job.initial.modules.at(id).b)) << id.name();
    EXPECT_LT((factors.a - product(trained.cores.at(id), job.cores.at(id).basis)).abs().max().item<double>(), 1e-5)
        << id.name();
  }
}

TEST(CoreTraining, OfAnIdentityIsTrainingAAlone) {
  const Model model = random_model(rich_config(), 83, at::kDouble);
  const auto width = model.config.hidden;
  TrainingJob of_a{random_adapter(model, {Projection::q, Projection::gate}, 0, width),
                   {random_batch(model.config, {12, 7}, 0.5, 1), random_batch(model.config, {9, 15}, 0.5, 20)}};
  auto of_r = of_a;
  of_a.trains = Factors::a;
  for (const auto& [id, factors] : of_r.initial.modules)
    of_r.cores[id] = {.r = factors.a, .basis = at::eye(width, factors.a.options())};
  for (const auto optimiser : {Optimiser::adamw, Optimiser::sgd}) {
    const TrainingOptions options{
        .optimiser = optimiser, .learning_rate = 0.05, .weight_decay = 0.1, .clip_norm = 0.5, .proximal = 0.3};
    EXPECT_LT(relative_difference(train(model, of_r, options).adapter, train(model, of_a, options).adapter), 1e-12);
  }
}

TEST(CoreTraining, OfEachMemberIsItsOwnInAnyCompany) {
  const Model model = uneven_variant(random_model(rich_config(), 84, at::kDouble));
  std::vector<TrainingJob> jobs = {of_cores(model, 0, 3), of_cores(model, 1, 2), of_cores(model, 2, 4)};
  jobs[2].cores.clear();  // trains its factors
  const TrainingOptions options{.learning_rate = 0.05, .clip_norm = 0.1};
  const auto together = train_gang(model, jobs, options);
  for (std::size_t member = 0; member < jobs.size(); ++member)
    EXPECT_LT(relative_difference(together[member].adapter, train(model, jobs[member], options).adapter), 1e-12)
        << "member " << member;
  EXPECT_TRUE(together[2].cores.empty());
}

TEST(CoreTraining, ThatGoesWrongKeepsTheCoresItHad) {
  const Model model = random_model(rich_config(), 85);
  auto job = of_cores(model);
  const auto trained = train(model, job, {.optimiser = Optimiser::sgd, .learning_rate = 1e39, .clip_norm = 0});
  EXPECT_TRUE(trained.stopped);
  for (const auto& [id, r] : trained.cores)
    EXPECT_TRUE(at::equal(r, job.cores.at(id).r)) << id.name();
}

TEST(CoreTraining, TravelsBetweenProcesses) {
  const Model model = random_model(rich_config(), 86);
  const auto trained = train(model, of_cores(model), {.learning_rate = 0.05});
  const auto arrived = unpack(pack({trained})).front();
  ASSERT_EQ(arrived.cores.size(), trained.cores.size());
  for (const auto& [id, r] : trained.cores)
    EXPECT_TRUE(at::equal(arrived.cores.at(id), r)) << id.name();
}

}  // namespace
}  // namespace edgefuse::llm
