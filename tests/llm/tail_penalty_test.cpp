#include "llm/tail_penalty.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/llm/engine_fixtures.hpp"

// HetLoRA's penalty on a member's last ranks.

namespace edgefuse::llm {
namespace {

using testing::all_targets;
using testing::random_adapter;
using testing::random_batch;
using testing::random_model;
using testing::relative_difference;
using testing::rich_config;
using testing::uneven_variant;

TrainingJob two_steps(const Model& model, std::uint32_t member = 0, std::int64_t rank = 5) {
  return {random_adapter(model, all_targets, member, rank),
          {random_batch(model.config, {12, 7}, 0.5, 1 + member), random_batch(model.config, {9, 15}, 0.5, 20 + member)}};
}

TrainedAdapter train(const Model& model, const TrainingJob& job, const TrainingOptions& options) {
  return train_gang(model, {&job, 1}, options).front();
}

/// λ·‖A_t‖·‖B_t‖ of one module, number by number.
double penalty_of(const LoraFactors& factors, const TailPenalty& penalty) {
  double a = 0;
  double b = 0;
  for (std::int64_t k = penalty.kept; k < factors.a.size(0); ++k) {
    for (std::int64_t j = 0; j < factors.a.size(1); ++j)
      a += std::pow(factors.a[k][j].item<double>(), 2);
    for (std::int64_t i = 0; i < factors.b.size(0); ++i)
      b += std::pow(factors.b[i][k].item<double>(), 2);
  }
  return penalty.lambda * std::sqrt(a) * std::sqrt(b);
}

TEST(TailPenalty, MovesFactorsAlongItsOwnGradient) {
  const Model model = uneven_variant(random_model(rich_config(), 91, at::kDouble));
  TrainingJob job = two_steps(model);
  job.steps.resize(1);
  const TrainingOptions options{.optimiser = Optimiser::sgd, .learning_rate = 0.3};
  const auto plain = train(model, job, options);
  job.penalty = TailPenalty{.lambda = 0.04, .kept = 3};
  const auto pulled = train(model, job, options);
  EXPECT_EQ(plain.losses, pulled.losses) << "losses are told without it";
  constexpr double h = 1e-5;
  for (const auto& [id, factors] : job.initial.modules) {
    for (const bool of_a : {true, false}) {
      const auto factor = [&](const LoraFactors& f) { return of_a ? f.a : f.b; };
      const auto moved = factor(plain.adapter.modules.at(id)) - factor(pulled.adapter.modules.at(id));
      for (std::int64_t i = 0; i < moved.size(0); ++i) {
        for (std::int64_t j = 0; j < moved.size(1); j += 2) {
          const auto at = [&](double step) {
            LoraFactors other{.a = factors.a.clone(), .b = factors.b.clone()};
            factor(other)[i][j] += step;
            return penalty_of(other, *job.penalty);
          };
          EXPECT_NEAR(moved[i][j].item<double>(), 0.3 * (at(h) - at(-h)) / (2 * h), 1e-9)
              << id.name() << (of_a ? " A" : " B") << " at " << i << ", " << j;
        }
      }
    }
  }
}

TEST(TailPenalty, OfNothingChangesNoBit) {
  const Model model = random_model(rich_config(), 92);
  TrainingJob job = two_steps(model);
  const auto plain = train(model, job, {.clip_norm = 0.1});
  for (const TailPenalty penalty : {TailPenalty{.lambda = 0, .kept = 2}, TailPenalty{.lambda = 9, .kept = 5}}) {
    job.penalty = penalty;
    const auto penalised = train(model, job, {.clip_norm = 0.1});
    EXPECT_EQ(plain.losses, penalised.losses);
    EXPECT_EQ(relative_difference(plain.adapter, penalised.adapter), 0) << "kept " << penalty.kept;
  }
}

TEST(TailPenalty, OfATailThatIsZeroIsFlat) {
  const Model model = random_model(rich_config(), 93);
  TrainingJob job = two_steps(model);
  for (auto& [id, factors] : job.initial.modules)
    factors.b = at::zeros_like(factors.b);
  job.steps.resize(1);
  const TrainingOptions options{.optimiser = Optimiser::sgd, .learning_rate = 0.1};
  const auto plain = train(model, job, options);
  job.penalty = TailPenalty{.lambda = 5, .kept = 2};
  EXPECT_EQ(relative_difference(plain.adapter, train(model, job, options).adapter), 0);
}

TEST(TailPenalty, OfEachMemberIsItsOwnInAnyCompany) {
  const Model model = uneven_variant(random_model(rich_config(), 94, at::kDouble));
  std::vector<TrainingJob> jobs = {two_steps(model, 0, 5), two_steps(model, 1, 3), two_steps(model, 2, 4)};
  jobs[0].penalty = TailPenalty{.lambda = 0.3, .kept = 2};
  jobs[2].penalty = TailPenalty{.lambda = 0.1, .kept = 3};
  jobs[2].trains = Factors::b;
  const TrainingOptions options{.optimiser = Optimiser::sgd, .learning_rate = 0.2, .clip_norm = 0.5};
  const auto together = train_gang(model, jobs, options);
  for (std::size_t member = 0; member < jobs.size(); ++member)
    EXPECT_LT(relative_difference(together[member].adapter, train(model, jobs[member], options).adapter), 1e-12)
        << "member " << member;
}

}  // namespace
}  // namespace edgefuse::llm
