#include <gtest/gtest.h>

#include <cmath>
#include <vector>

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

/// Members with other numbers of steps and rows, other lengths of rows and other scales.
std::vector<TrainingJob> unequal_jobs(const Model& model, const std::vector<Projection>& targets) {
  std::vector<TrainingJob> jobs;
  for (std::uint32_t member = 0; member < 4; ++member) {
    TrainingJob job{random_adapter(model, targets, member), {}};
    job.initial.spec.alpha = 2 + member;
    for (std::uint32_t step = 0; step < 2 + member % 3; ++step) {
      std::vector<std::int64_t> lengths;
      for (std::uint32_t row = 0; row <= member; ++row)
        lengths.push_back(5 + 7 * row + 3 * step + member);
      job.steps.push_back(random_batch(model.config, lengths, member == 2 ? 0.05 : 0.6, 100 * member + step));
    }
    jobs.push_back(job);
  }
  return jobs;
}

void expect_same_as_alone(const Model& model, const std::vector<TrainingJob>& jobs, const TrainingOptions& options,
                          double tolerance) {
  const auto together = train_gang(model, jobs, options);
  ASSERT_EQ(together.size(), jobs.size());
  for (std::size_t member = 0; member < jobs.size(); ++member) {
    const auto alone = train_gang(model, {&jobs[member], 1}, options).front();
    ASSERT_EQ(together[member].losses.size(), jobs[member].steps.size());
    for (std::size_t step = 0; step < alone.losses.size(); ++step) {
      EXPECT_NEAR(together[member].losses[step], alone.losses[step], tolerance * alone.losses[step]);
      EXPECT_NEAR(together[member].grad_norms[step], alone.grad_norms[step], tolerance * alone.grad_norms[step]);
    }
    EXPECT_LT(relative_difference(together[member].adapter, alone.adapter), tolerance) << "member " << member;
    EXPECT_GT(relative_difference(alone.adapter, jobs[member].initial), 1e-4) << "training should change something";
  }
}

const TrainingOptions thorough = {
    .learning_rate = 2e-3, .schedule = Schedule::cosine, .weight_decay = 0.01, .clip_norm = 0.5};

TEST(Gang, OfManyIsManyGangsOfOneInDoublePrecision) {
  const Model model = uneven_variant(random_model(rich_config(), 21, at::kDouble));
  expect_same_as_alone(model, unequal_jobs(model, all_targets), thorough, 1e-12);
  expect_same_as_alone(model, unequal_jobs(model, {Projection::q, Projection::down}), thorough, 1e-12);
}

TEST(Gang, OfManyIsManyGangsOfOneInSinglePrecision) {
  const Model model = uneven_variant(random_model(rich_config(), 22));
  // AdamW turns a gradient near zero into a whole step of either sign; a larger epsilon leaves rounding small.
  TrainingOptions options = thorough;
  options.epsilon = 1e-3;
  expect_same_as_alone(model, unequal_jobs(model, all_targets), options, 1e-5);
}

TEST(Gang, GivesTheSameBitsEveryTime) {
  const Model model = uneven_variant(random_model(rich_config(), 23));
  const auto jobs = unequal_jobs(model, all_targets);
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    TrainingOptions options = thorough;
    options.precision = precision;
    const auto first = train_gang(model, jobs, options);
    const auto second = train_gang(model, jobs, options);
    for (std::size_t member = 0; member < jobs.size(); ++member) {
      EXPECT_EQ(first[member].losses, second[member].losses);
      EXPECT_EQ(relative_difference(first[member].adapter, second[member].adapter), 0);
    }
  }
}

TEST(Gang, TakesMembersOfOtherRanksAndTargets) {
  const Model model = uneven_variant(random_model(rich_config(), 25, at::kDouble));
  auto jobs = unequal_jobs(model, all_targets);
  jobs[0].initial = random_adapter(model, all_targets, 0, 5);
  jobs[1].initial = random_adapter(model, {Projection::v, Projection::up}, 1, 2);
  jobs[3].initial = random_adapter(model, {Projection::down}, 3, 1);
  expect_same_as_alone(model, jobs, thorough, 1e-12);
}

TEST(Gang, DropsOutTheSameInAnyCompany) {
  const Model model = uneven_variant(random_model(rich_config(), 26, at::kDouble));
  auto jobs = unequal_jobs(model, all_targets);
  for (std::uint32_t member = 0; member < jobs.size(); ++member)
    jobs[member].randomness = {.seed = 3, .domain = sim::Domain::dropout_seed, .round = 2, .client = member};
  TrainingOptions options = thorough;
  options.dropout = 0.3;
  expect_same_as_alone(model, jobs, options, 1e-12);
}

TEST(Gang, DropsOutTheSameHoweverItsTextsAreCutIntoPasses) {
  ModelConfig config = rich_config();
  config.max_positions = 600;
  const Model model = random_model(config, 30, at::kDouble);
  std::vector<TrainingJob> jobs;
  for (std::uint32_t member = 0; member < 2; ++member) {
    Batch batch = random_batch(config, {300, 400}, 1, 70 + member);
    for (std::size_t i = 0; i + 1 < batch[member].labels.size(); ++i)
      batch[member].labels[i] = no_label;  // one text asks once, the other at every token
    jobs.push_back({random_adapter(model, {Projection::q, Projection::v, Projection::down}, member),
                    {batch},
                    {.seed = 3, .domain = sim::Domain::dropout_seed, .client = member}});
  }
  TrainingOptions options = thorough;
  options.dropout = 0.3;
  expect_same_as_alone(model, jobs, options, 1e-12);
}

TEST(Gang, StopsAMemberThatAStepWouldRuinAndKeepsWhatItHad) {
  const Model model = random_model(rich_config(), 31);
  const auto jobs = unequal_jobs(model, all_targets);
  TrainingOptions options = thorough;
  options.learning_rate = 1e300;
  const auto trained = train_gang(model, jobs, options);
  for (std::size_t member = 0; member < jobs.size(); ++member) {
    EXPECT_TRUE(trained[member].stopped) << "member " << member;
    EXPECT_EQ(trained[member].losses.size(), 1) << "member " << member;
    EXPECT_EQ(relative_difference(trained[member].adapter, jobs[member].initial), 0) << "member " << member;
  }
}

TEST(Gang, TrainsWithEveryOptionAsOneMemberAlone) {
  const Model model = uneven_variant(random_model(rich_config(), 27, at::kDouble));
  TrainingOptions options = thorough;
  options.optimiser = Optimiser::sgd;
  options.learning_rate = 0.2;
  options.momentum = 0.9;
  options.schedule = Schedule::linear;
  options.warm_up = 0.3;
  options.proximal = 0.1;
  expect_same_as_alone(model, unequal_jobs(model, all_targets), options, 1e-12);
}

TEST(Gang, KeepsABrokenMemberFromTheOthers) {
  const Model model = random_model(rich_config(), 24);
  const auto healthy = unequal_jobs(model, all_targets);
  const auto expected = train_gang(model, healthy, thorough);
  auto jobs = healthy;
  jobs[1].initial.modules.at({1, Projection::o}).a[0][2] = std::nan("");
  const auto trained = train_gang(model, jobs, thorough);
  ASSERT_EQ(trained[1].losses.size(), 1) << "a broken member stops at once";
  EXPECT_TRUE(trained[1].stopped);
  EXPECT_TRUE(std::isnan(trained[1].losses.back()));
  const auto& kept = trained[1].adapter.modules.at({0, Projection::q});
  EXPECT_TRUE(kept.b.equal(jobs[1].initial.modules.at({0, Projection::q}).b)) << "and keeps what it had";
  for (const std::size_t member : {0U, 2U, 3U}) {
    EXPECT_LT(relative_difference(trained[member].adapter, expected[member].adapter), 1e-3);
    EXPECT_EQ(trained[member].losses.size(), expected[member].losses.size());
  }
}

}  // namespace
}  // namespace edgefuse::llm
