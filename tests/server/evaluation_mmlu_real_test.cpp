#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "data/composer.hpp"
#include "data/mmlu.hpp"
#include "llm/model.hpp"
#include "llm/reference.hpp"
#include "llm/tokenizer.hpp"
#include "server/evaluation/composites.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::server {
namespace {

int reference_choice(const llm::Model& model, const AnswerLetters& letters, const std::vector<std::int64_t>& prompt) {
  const auto logits = llm::reference_logits(model, nullptr, at::tensor(prompt).unsqueeze(0))[0][-1];
  int best = 0;
  for (int letter = 1; letter < 4; ++letter) {
    const auto id = [&](int l) { return letters.tails[static_cast<std::size_t>(l)][0]; };
    if (logits[id(letter)].item<float>() > logits[id(best)].item<float>()) best = letter;
  }
  return best;
}

TEST(RealEvaluation, AnswersCompositesOfMmluAsTheReferenceDoes) {
  EDGEFUSE_NEEDS_ASSET("data/mmlu");
  EDGEFUSE_NEEDS_ASSET("data/models/minimind2-small");
  const auto folder = edgefuse::testing::assets() / "data/models/minimind2-small";
  const auto model = llm::load_model(folder);
  const auto tokenizer = llm::load_tokenizer(folder);
  const auto questions =
      data::read_mmlu(edgefuse::testing::assets() / "data/mmlu", data::MmluSplit::dev, data::DomainLevel::category);
  const auto composites = data::compose(questions, {.k = 2, .count = 3, .seed = 3});
  const auto encoded = encode(composites, *tokenizer, model.config.max_positions);
  const auto answers = composite_answers(model, nullptr, encoded);
  for (std::size_t i = 0; i < composites.size(); ++i) {
    auto prompt = encoded.prompts[i];
    const int first = reference_choice(model, encoded.alone.letters, prompt);
    EXPECT_EQ(answers[i][0], first) << composites[i].id;
    // The second prompt is written as text with the first letter in it, then encoded anew.
    prompt = tokenizer->encode(data::composite_prompt(composites[i], std::vector{first}), llm::Tokenizer::Special::add);
    EXPECT_EQ(answers[i][1], reference_choice(model, encoded.alone.letters, prompt)) << composites[i].id;
  }
  for (const auto& score : score(model, encoded)) {
    EXPECT_LE(score.low, score.value) << score.metric << " " << score.domain;
    EXPECT_GE(score.high, score.value) << score.metric << " " << score.domain;
  }
}

}  // namespace
}  // namespace edgefuse::server
