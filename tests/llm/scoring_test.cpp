#include <gtest/gtest.h>

#include <vector>

#include "llm/scoring.hpp"
#include "sim/error.hpp"
#include "tests/llm/engine_fixtures.hpp"

namespace edgefuse::llm {
namespace {

using testing::random_adapter;
using testing::random_batch;
using testing::random_model;
using testing::rich_config;
using testing::small_config;
using testing::uneven_variant;

using Ids = std::vector<std::int64_t>;
const std::vector<Projection> some_targets = {Projection::k, Projection::up};

TEST(Scoring, GivesTheLogitsOfTheReference) {
  const at::NoGradGuard no_grad;
  const Model model = uneven_variant(random_model(rich_config(), 31));
  const Adapter adapter = random_adapter(model, some_targets);
  const std::vector<Ids> texts = {{3, 1, 4, 1, 5}, {9}, {2, 6, 5, 3, 5, 8, 9, 7, 9}};
  for (const Adapter* with : {static_cast<const Adapter*>(nullptr), &adapter}) {
    const at::Tensor all = next_token_logits(model, with, texts, {});
    ASSERT_EQ(all.sizes(), (std::vector<std::int64_t>{3, model.config.vocabulary}));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const at::Tensor expected = reference_logits(model, with, at::tensor(texts[i]).unsqueeze(0))[0][-1];
      EXPECT_LT((all[static_cast<std::int64_t>(i)] - expected).abs().max().item<double>(), 1e-5) << "text " << i;
    }
    const Ids candidates = {16, 2, 2};
    const at::Tensor few = next_token_logits(model, with, texts, candidates);
    EXPECT_LT((few - all.index_select(1, at::tensor(candidates))).abs().max().item<double>(), 1e-6);
  }
}

TEST(Scoring, ReadsASharedBeginningOnceAndFindsTheSame) {
  const at::NoGradGuard no_grad;
  ModelConfig config = rich_config();
  config.max_positions = 200;
  const Model model = uneven_variant(random_model(config, 36, at::kDouble));
  const Adapter adapter = random_adapter(model, some_targets);
  const Ids shared = random_batch(config, {90}, 1, 40).front().ids;
  std::vector<Ids> texts;
  for (std::uint32_t i = 0; i < 5; ++i) {
    texts.push_back(shared);
    const Ids own = random_batch(config, {3 + 17 * i}, 1, 41 + i).front().ids;
    texts.back().insert(texts.back().end(), own.begin(), own.end());
  }
  const at::Tensor together = next_token_logits(model, &adapter, texts, {});
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const at::Tensor expected = reference_logits(model, &adapter, at::tensor(texts[i]).unsqueeze(0))[0][-1];
    EXPECT_LT((together[static_cast<std::int64_t>(i)] - expected).abs().max().item<double>(), 1e-6) << "text " << i;
  }
}

TEST(Scoring, OfAnswersToOnePromptIsThatOfEachAlone) {
  ModelConfig config = rich_config();
  config.max_positions = 200;
  const Model model = uneven_variant(random_model(config, 37, at::kDouble));
  const Adapter adapter = random_adapter(model, some_targets);
  const Ids prompt = random_batch(config, {60}, 1, 50).front().ids;
  Batch texts;
  for (std::uint32_t i = 0; i < 4; ++i) {
    Sequence& text = texts.emplace_back(Sequence{prompt, Ids(prompt.size(), no_label)});
    const Ids answer = random_batch(config, {2 + i}, 1, 51 + i).front().ids;
    for (const std::int64_t id : answer) {
      text.ids.push_back(id);
      text.labels.push_back(id);
    }
  }
  const auto together = sequence_losses(model, &adapter, texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto alone = sequence_losses(model, &adapter, {&texts[i], 1}).front();
    EXPECT_NEAR(together[i].nll, alone.nll, 1e-11) << "answer " << i;
    EXPECT_EQ(together[i].labels, alone.labels) << "answer " << i;
  }
}

TEST(Scoring, SumsTheLossesOfEachText) {
  const at::NoGradGuard no_grad;
  const Model model = random_model(rich_config(), 32);
  const Adapter adapter = random_adapter(model, some_targets);
  Batch texts = random_batch(model.config, {9, 4, 30, 7}, 0.4, 20);
  texts[1].labels.assign(4, no_label);
  const auto losses = sequence_losses(model, &adapter, texts);
  ASSERT_EQ(losses.size(), 4);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ASSERT_EQ(losses[i].labels, texts[i].label_count()) << "text " << i;
    if (losses[i].labels == 0) continue;
    const auto logits = reference_logits(model, &adapter, at::tensor(texts[i].ids).unsqueeze(0));
    const auto mean = reference_loss(logits, at::tensor(texts[i].labels).unsqueeze(0)).item<double>();
    EXPECT_NEAR(losses[i].nll, mean * static_cast<double>(losses[i].labels), 1e-4) << "text " << i;
  }
  EXPECT_EQ(losses[1].nll, 0);
}

TEST(Scoring, OfManyTextsIsTheScoringOfEach) {
  ModelConfig config = small_config();
  config.max_positions = 500;
  const Model model = random_model(config, 33);
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < 12; ++i)
    lengths.push_back(300 + 10 * i);
  const Batch texts = random_batch(config, lengths, 0.2, 21);
  const auto together = sequence_losses(model, nullptr, texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto alone = sequence_losses(model, nullptr, {&texts[i], 1}).front();
    EXPECT_NEAR(together[i].nll, alone.nll, 1e-5 * alone.nll);
  }
}

TEST(Scoring, OfNothingIsNothing) {
  const Model model = random_model(small_config(), 34);
  EXPECT_TRUE(sequence_losses(model, nullptr, {}).empty());
  EXPECT_EQ(next_token_logits(model, nullptr, {}, {}).size(0), 0);
}

TEST(Scoring, RefusesTextsThatTheModelCannotRead) {
  const Model model = random_model(small_config(), 35);
  const std::vector<Ids> empty = {{1}, {}};
  const std::vector<Ids> unknown = {{1, 17}};
  const std::vector<Ids> too_long = {Ids(65, 1)};
  const Ids outside = {-1};
  EXPECT_THROW(static_cast<void>(next_token_logits(model, nullptr, empty, {})), InputError);
  EXPECT_THROW(static_cast<void>(next_token_logits(model, nullptr, unknown, {})), InputError);
  EXPECT_THROW(static_cast<void>(next_token_logits(model, nullptr, too_long, {})), InputError);
  EXPECT_THROW(static_cast<void>(next_token_logits(model, nullptr, {empty.data(), 1}, outside)), InputError);
  const std::vector<Sequence> label_outside = {{{1, 2}, {no_label, 17}}};
  EXPECT_THROW(static_cast<void>(sequence_losses(model, nullptr, label_outside)), InputError);
}

}  // namespace
}  // namespace edgefuse::llm
