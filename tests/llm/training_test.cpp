#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "llm/training.hpp"
#include "sim/error.hpp"
#include "tests/llm/engine_fixtures.hpp"

namespace edgefuse::llm {
namespace {

using testing::all_targets;
using testing::random_adapter;
using testing::random_batch;
using testing::random_model;
using testing::relative_difference;
using testing::rich_config;
using testing::small_config;

std::string complaint(const Model& model, const TrainingJob& job) {
  try {
    static_cast<void>(train_gang(model, {&job, 1}, {}));
  } catch (const InputError& error) {
    return error.what();
  }
  return "none";
}

TEST(Training, LearnsATextByHeart) {
  Model model = random_model(small_config(), 41);
  model.final_norm = at::full_like(model.final_norm, 5);  // without large logits nothing can be learnt by heart
  const TrainingJob job{random_adapter(model, all_targets),
                        std::vector<Batch>(150, random_batch(model.config, {12, 9}, 0.5, 30))};
  const auto trained = train_gang(model, {&job, 1}, {.learning_rate = 2e-2}).front();
  EXPECT_GT(trained.losses.front(), 2);
  EXPECT_LT(trained.losses.back(), 0.2);
}

TEST(Training, InBf16LearnsTheSameUpToItsRounding) {
  const Model model = random_model(rich_config(), 42);
  TrainingJob job{random_adapter(model, all_targets), {}};
  for (std::uint32_t step = 0; step < 5; ++step)
    job.steps.push_back(random_batch(model.config, {20, 13}, 0.5, 40 + step));
  const auto exact = train_gang(model, {&job, 1}, {}).front();
  const auto rounded = train_gang(model, {&job, 1}, {.precision = Precision::bf16}).front();
  double difference = 0;
  for (std::size_t step = 0; step < 5; ++step) {
    EXPECT_NEAR(rounded.losses[step], exact.losses[step], 2e-2 * exact.losses[step]);
    difference = std::max(difference, std::abs(rounded.losses[step] - exact.losses[step]));
  }
  EXPECT_GT(difference, 0) << "eight bits of mantissa should show somewhere";
}

TEST(Training, StartsAdaptersFromZeroChange) {
  const Model model = random_model(small_config(), 43);
  const Adapter fresh = make_adapter(model, {.rank = 2, .alpha = 4, .targets = {Projection::q, Projection::v}}, 1, 0);
  const TrainingJob job{fresh, {random_batch(model.config, {12}, 1, 50)}};
  const auto trained = train_gang(model, {&job, 1}, {}).front();
  for (const auto& [id, factors] : trained.adapter.modules) {
    EXPECT_TRUE(factors.a.equal(fresh.modules.at(id).a)) << "with B at 0, A has no gradient yet";
    EXPECT_NEAR(factors.b.abs().max().item<double>(), 1e-3, 1e-5) << "B moves by the learning rate";
  }
}

TEST(Training, WhatIsFrozenKeepsEveryBit) {
  const Model model = random_model(rich_config(), 47);
  TrainingJob job{random_adapter(model, all_targets), {}};
  for (std::uint32_t step = 0; step < 3; ++step)
    job.steps.push_back(random_batch(model.config, {12, 7}, 1, 60 + step));
  for (const auto optimiser : {Optimiser::adamw, Optimiser::sgd}) {
    for (const auto moved : {Factors::a, Factors::b}) {
      job.trains = moved;
      const auto trained = train_gang(model, {&job, 1}, {.optimiser = optimiser, .weight_decay = 0.1}).front();
      for (const auto& [id, before] : job.initial.modules) {
        const auto& after = trained.adapter.modules.at(id);
        EXPECT_EQ(after.a.equal(before.a), moved == Factors::b) << "A of " << id.name();
        EXPECT_EQ(after.b.equal(before.b), moved == Factors::a) << "B of " << id.name();
      }
    }
  }
}

TEST(Training, ClippingCountsWhatIsTrainedAlone) {
  const Model model = random_model(rich_config(), 48);
  TrainingJob job{random_adapter(model, all_targets), {random_batch(model.config, {12, 7}, 1, 63)}};
  const double both = train_gang(model, {&job, 1}, {}).front().grad_norms.front();
  job.trains = Factors::a;
  const double a = train_gang(model, {&job, 1}, {}).front().grad_norms.front();
  job.trains = Factors::b;
  const double b = train_gang(model, {&job, 1}, {}).front().grad_norms.front();
  EXPECT_NEAR(std::hypot(a, b), both, 1e-5 * both);
}

TEST(Training, WithoutStepsReturnsWhatItGot) {
  const Model model = random_model(small_config(), 44);
  const TrainingJob job{random_adapter(model, all_targets), {}};
  const auto trained = train_gang(model, {&job, 1}, {}).front();
  EXPECT_TRUE(trained.losses.empty());
  EXPECT_EQ(relative_difference(trained.adapter, job.initial), 0);
  EXPECT_TRUE(train_gang(model, {}, {}).empty());
}

TEST(Training, LeavesTheModelAsItIs) {
  const Model model = random_model(rich_config(), 45);
  const at::Tensor before = model.layers[1].up.weight.clone();
  const TrainingJob job{random_adapter(model, all_targets), {random_batch(model.config, {12}, 1, 51)}};
  static_cast<void>(train_gang(model, {&job, 1}, {}));
  EXPECT_TRUE(model.layers[1].up.weight.equal(before));
}

TEST(Training, RefusesAStepWithoutLabels) {
  const Model model = random_model(small_config(), 46);
  TrainingJob job{random_adapter(model, all_targets),
                  {random_batch(model.config, {5}, 1, 52), random_batch(model.config, {5}, 1, 53)}};
  job.steps[1].front().labels = {1, no_label, no_label, no_label, no_label};
  EXPECT_NE(complaint(model, job).find("step 1: no position after the first has a label"), std::string::npos)
      << complaint(model, job);
}

TEST(Training, RefusesTextsThatTheModelCannotRead) {
  const Model model = random_model(small_config(), 47);
  TrainingJob job{random_adapter(model, all_targets), {random_batch(model.config, {65}, 1, 54)}};
  EXPECT_NE(complaint(model, job).find("step 0, row 0: a sequence of 65 tokens"), std::string::npos)
      << complaint(model, job);
  job.steps = {random_batch(model.config, {5, 6}, 1, 55)};
  job.steps[0][1].ids[3] = 17;
  EXPECT_NE(complaint(model, job).find("step 0, row 1: token id 17"), std::string::npos) << complaint(model, job);
  job.steps[0][1].ids[3] = 1;
  job.steps[0][1].labels[3] = -7;
  EXPECT_NE(complaint(model, job).find("labels: token id -7"), std::string::npos) << complaint(model, job);
}

TEST(Training, RefusesAnAdapterOfAnotherModel) {
  const Model model = random_model(small_config(), 48);
  TrainingJob job{random_adapter(model, all_targets), {random_batch(model.config, {5}, 1, 56)}};
  auto& factors = job.initial.modules.at({0, Projection::v});
  factors.b = at::zeros({factors.b.size(0) + 1, factors.b.size(1)});
  EXPECT_NE(complaint(model, job).find("v_proj"), std::string::npos) << complaint(model, job);
}

}  // namespace
}  // namespace edgefuse::llm
