#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "app/run/assembly.hpp"
#include "data/atlas/questions.hpp"
#include "llm/model.hpp"
#include "llm/pruning/pruner.hpp"
#include "llm/tokenizer.hpp"
#include "llm/variant.hpp"
#include "server/evaluation/questions.hpp"

// What a newcomer's first run rests on: the base that is part of the project knows what it should and nothing else.

namespace edgefuse::app {
namespace {

using data::atlas::Visibility;

struct EmbeddedBase : ::testing::Test {
  llm::Model model = llm::load_model(embedded_base());
  std::unique_ptr<llm::Tokenizer> tokenizer = llm::load_tokenizer(embedded_base());

  /// Accuracy on every test phrasing of every such fact of the default world.
  [[nodiscard]] server::Score accuracy(const llm::Model& judged, Visibility visibility, std::uint64_t seed = 1) const {
    const auto world = data::atlas::make_atlas({.seed = seed});
    std::vector<data::Question> questions;
    for (std::int64_t d = 0; d < world.options.domains; ++d)
      std::ranges::move(data::atlas::test_questions(world, d, visibility), std::back_inserter(questions));
    return server::score(judged, server::encode(questions, *tokenizer, model.config.max_positions)).front();
  }
};

TEST_F(EmbeddedBase, IsASmallLlamaWithATokenizerOfItsOwn) {
  EXPECT_EQ(model.config.model_type, "llama");
  EXPECT_GE(model.parameters(), 1'000'000);
  EXPECT_LE(model.parameters(), 3'000'000);
  EXPECT_EQ(tokenizer->vocabulary(), model.config.vocabulary);
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator{embedded_base()})
    bytes += entry.file_size();
  EXPECT_LE(bytes, 8'000'000U);
}

TEST_F(EmbeddedBase, KnowsPublicFactsInPhrasingsItNeverRead) {
  const auto score = accuracy(model, Visibility::everybody);
  EXPECT_EQ(score.n, 8 * 8 * 4) << "the interval is over facts, not over phrasings of them";
  EXPECT_GT(score.low, 0.9) << "accuracy " << score.value;
}

TEST_F(EmbeddedBase, CanOnlyGuessPrivateFacts) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto score = accuracy(model, Visibility::edges, seed);
    EXPECT_TRUE(score.low <= 0.25 && 0.25 <= score.high)
        << "world " << seed << ": " << score.value << " [" << score.low << ", " << score.high << "]";
  }
}

TEST_F(EmbeddedBase, ForgetsWhenItIsPruned) {
  const auto whole = accuracy(model, Visibility::everybody);
  const auto sorted = llm::sort_by_importance(model, llm::order_of(llm::pruners().make("magnitude")->rank(model, {})));
  double before = whole.value;
  for (const double ratio : {0.25, 0.5}) {
    const auto variant = llm::slice(sorted, llm::variant_shape(model.config, ratio, 1, 1));
    const auto pruned = accuracy(variant, Visibility::everybody);
    EXPECT_LT(pruned.high, whole.low) << "ratio " << ratio << ": " << pruned.value << " against " << whole.value;
    EXPECT_LE(pruned.value, before) << "ratio " << ratio;
    before = pruned.value;
  }
}

}  // namespace
}  // namespace edgefuse::app
