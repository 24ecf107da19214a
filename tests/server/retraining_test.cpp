#include "server/recovery/retraining.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "llm/scoring.hpp"
#include "server/fuse.hpp"
#include "sim/error.hpp"
#include "tests/server/variants.hpp"

namespace edgefuse::server {
namespace {

using Texts = std::vector<std::vector<std::int64_t>>;
using testing::same_bits;

/// A base whose logits are large enough to learn something in a few steps.
llm::Model learning_base() {
  auto model = llm::testing::random_model(llm::testing::small_config(), 181);
  model.final_norm = at::full_like(model.final_norm, 4);
  return model;
}

/// Texts that go round through the same few tokens.
Texts round_texts() {
  Texts texts;
  for (std::int64_t first = 0; first < 5; ++first) {
    auto& text = texts.emplace_back();
    for (std::int64_t i = 0; i < 9 + first; ++i)
      text.push_back(3 + 2 * ((first + i) % 5));
  }
  return texts;
}

llm::ModelDelta fused_change(const llm::Model& base, std::int64_t rank = 2) {
  sim::Draws draws{{.seed = 182, .domain = sim::Domain::test}};
  auto adapter = testing::random_adapter(base.config, llm::full_shape(base.config), draws, rank);
  adapter.spec.alpha = 0.05;
  return llm::to_delta(adapter);
}

RetrainingOptions options(std::int64_t steps) {
  return {.steps = steps,
          .batch = 3,
          .adapter = {.rank = 2, .alpha = 4, .targets = {llm::Projection::v, llm::Projection::up}},
          .training = {.learning_rate = 1e-2}};
}

/// Mean negative log-likelihood of every token after the first.
double loss(const llm::Model& base, const llm::ModelDelta& change, const Texts& texts) {
  std::vector<llm::Sequence> sequences;
  for (const auto& text : texts)
    sequences.push_back({.ids = text, .labels = text});
  double nll = 0;
  std::int64_t labels = 0;
  for (const auto& one : llm::sequence_losses(llm::apply(base, change), nullptr, sequences)) {
    nll += one.nll;
    labels += one.labels;
  }
  return nll / static_cast<double>(labels);
}

TEST(Retraining, MakesThePublicTextMoreLikely) {
  const auto base = learning_base();
  const auto fused = fused_change(base);
  const auto retrained = retrain(base, fused, round_texts(), options(30), 1, 0);
  const double before = loss(base, fused, round_texts());
  const double after = loss(base, retrained.change, round_texts());
  EXPECT_LT(after, 0.7 * before) << "from " << before;
  EXPECT_FALSE(retrained.stopped);
  ASSERT_EQ(retrained.losses.size(), 30U);
  EXPECT_LT(retrained.losses.back(), retrained.losses.front());
}

TEST(Retraining, StartsFromTheFusedModelOnEveryPosition) {
  const auto base = learning_base();
  const auto fused = fused_change(base);
  auto one_pass = options(1);
  one_pass.batch = 5;
  const auto retrained = retrain(base, fused, round_texts(), one_pass, 1, 0);
  EXPECT_NEAR(retrained.losses.front(), loss(base, fused, round_texts()), 1e-5);
}

TEST(Retraining, OfNoStepsIsTheIdentity) {
  const auto base = learning_base();
  const auto fused = fused_change(base);
  const auto retrained = retrain(base, fused, round_texts(), options(0), 1, 0);
  EXPECT_TRUE(same_bits(retrained.change, fused));
  EXPECT_TRUE(retrained.losses.empty());
  EXPECT_TRUE(same_bits(retrain(base, fused, Texts{}, options(0), 1, 0).change, fused)) << "without text too";
}

TEST(Retraining, StacksTheAdapterUnderTheFusedFactors) {
  const auto base = learning_base();
  const auto fused = fused_change(base);
  const auto retrained = retrain(base, fused, round_texts(), options(2), 1, 0);
  const llm::ModuleId up{.layer = 1, .projection = llm::Projection::up};
  const llm::ModuleId v{.layer = 0, .projection = llm::Projection::v};
  const llm::ModuleId down{.layer = 1, .projection = llm::Projection::down};
  const auto& both = std::get<llm::LowRank>(retrained.change.at(up));
  const auto& first = std::get<llm::LowRank>(fused.at(up));
  ASSERT_EQ(both.a.size(0), 4);
  EXPECT_TRUE(at::equal(both.a.narrow(0, 0, 2), first.a));
  EXPECT_TRUE(at::equal(both.b.narrow(1, 0, 2), first.b));
  EXPECT_TRUE(retrained.change.contains(v)) << "a target that nobody had changed";
  EXPECT_TRUE(at::equal(llm::dense(retrained.change.at(down)), llm::dense(fused.at(down)))) << "not a target";
}

TEST(Retraining, ADenseFusedChangeStaysDense) {
  const auto base = learning_base();
  auto fused = fused_change(base);
  for (auto& [id, change] : fused)
    change = llm::Dense{llm::dense(change)};
  const auto dense = retrain(base, fused, round_texts(), options(4), 1, 0);
  const auto factors = retrain(base, fused_change(base), round_texts(), options(4), 1, 0);
  for (const auto& [id, change] : dense.change) {
    EXPECT_EQ(std::holds_alternative<llm::Dense>(change), id.projection != llm::Projection::v) << id.name();
    EXPECT_LT(testing::distance(llm::dense(change), llm::dense(factors.change.at(id))), 1e-4) << id.name();
  }
}

TEST(Retraining, IsTheSameTwiceAndAnotherWithAnotherSeedOrRound) {
  const auto base = learning_base();
  const auto fused = fused_change(base);
  const auto run = [&](std::uint64_t seed, std::uint32_t round) {
    return retrain(base, fused, round_texts(), options(3), seed, round).change;
  };
  const auto first = run(1, 2);
  EXPECT_TRUE(same_bits(run(1, 2), first));
  EXPECT_FALSE(same_bits(run(2, 2), first));
  EXPECT_FALSE(same_bits(run(1, 3), first));
}

TEST(Retraining, EveryPassHasEachTextOnceInAnOrderOfItsOwn) {
  const auto base = learning_base();
  auto one_by_one = options(10);
  one_by_one.batch = 1;
  one_by_one.training.learning_rate = 1e-12;  // so that a step's loss says which text it was
  std::vector<double> alone;
  for (const auto& text : round_texts())
    alone.push_back(loss(base, {}, {text}));
  std::set<std::vector<std::size_t>> orders;
  for (std::uint32_t round = 0; round < 4; ++round) {
    const auto losses = retrain(base, {}, round_texts(), one_by_one, 1, round).losses;
    ASSERT_EQ(losses.size(), 10U);
    for (const std::size_t pass : {0U, 5U}) {
      std::vector<std::size_t> order;
      for (std::size_t step = pass; step < pass + 5; ++step)
        order.push_back(static_cast<std::size_t>(
            std::ranges::min_element(alone, {}, [&](double text) { return std::abs(text - losses[step]); }) -
            alone.begin()));
      EXPECT_EQ(std::set(order.begin(), order.end()).size(), 5U) << "round " << round << ", pass from step " << pass;
      orders.insert(order);
    }
  }
  EXPECT_GT(orders.size(), 5U) << "of eight passes";
}

TEST(Retraining, WithoutAFusedChangeTrainsTheBase) {
  const auto base = learning_base();
  const auto retrained = retrain(base, {}, round_texts(), options(20), 1, 0);
  EXPECT_LT(loss(base, retrained.change, round_texts()), loss(base, {}, round_texts()));
}

TEST(Retraining, LeavesTheBaseAsItIs) {
  const auto base = learning_base();
  const auto before = base.layers[1].up.weight.clone();
  (void)retrain(base, fused_change(base), round_texts(), options(2), 1, 0);
  EXPECT_TRUE(at::equal(base.layers[1].up.weight, before));
}

TEST(Retraining, TextsOfOneTokenAreLeftOutAndAloneAreAMistake) {
  const auto base = learning_base();
  auto texts = round_texts();
  const auto expected = retrain(base, {}, texts, options(2), 1, 0).change;
  texts.insert(texts.begin() + 1, {{}, {4}});
  EXPECT_TRUE(same_bits(retrain(base, {}, texts, options(2), 1, 0).change, expected));
  try {
    (void)retrain(base, {}, Texts{{4}, {}}, options(2), 1, 0);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string{error.what()}.find("no text of two tokens or more"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace edgefuse::server
