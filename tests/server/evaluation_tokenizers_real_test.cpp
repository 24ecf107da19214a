#include <gtest/gtest.h>

#include "data/composer.hpp"
#include "data/mmlu.hpp"
#include "llm/tokenizer.hpp"
#include "server/evaluation/composites.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::server {
namespace {

class RealTokenizer : public ::testing::TestWithParam<const char*> {};

TEST_P(RealTokenizer, WritesAPromptWithAnswersAsItsPieces) {
  const std::string folder = std::string{"data/"} + GetParam();
  EDGEFUSE_NEEDS_ASSET(folder);
  EDGEFUSE_NEEDS_ASSET("data/mmlu");
  const auto tokenizer = llm::load_tokenizer(edgefuse::testing::assets() / folder);
  const auto questions =
      data::read_mmlu(edgefuse::testing::assets() / "data/mmlu", data::MmluSplit::dev, data::DomainLevel::subcategory);
  const auto composites = data::compose(questions, {.k = 3, .count = 12, .seed = 1});
  const auto encoded = encode(composites, *tokenizer, 100'000);
  for (std::size_t i = 0; i < composites.size(); ++i) {
    const std::vector<int> earlier = {static_cast<int>(i % 4), static_cast<int>(i / 4 % 4)};
    auto pieces = encoded.prompts[i];
    for (std::size_t j = 0; j < earlier.size(); ++j) {
      const auto& link = encoded.links[j][static_cast<std::size_t>(earlier[j])];
      pieces.insert(pieces.end(), link.begin(), link.end());
    }
    auto whole = tokenizer->encode(data::composite_prompt(composites[i], earlier), llm::Tokenizer::Special::add);
    const auto& lead = encoded.alone.letters.lead;
    whole.insert(whole.end(), lead.begin(), lead.end());
    EXPECT_EQ(pieces, whole) << composites[i].id;
  }
}

TEST_P(RealTokenizer, HasOneTokenForEachLetterUnlessItsVocabularyIsTiny) {
  const std::string folder = std::string{"data/"} + GetParam();
  EDGEFUSE_NEEDS_ASSET(folder);
  const auto tokenizer = llm::load_tokenizer(edgefuse::testing::assets() / folder);
  EXPECT_EQ(answer_letters(*tokenizer).single(), tokenizer->vocabulary() > 512);
}

INSTANTIATE_TEST_SUITE_P(Assets, RealTokenizer,
                         ::testing::Values("models/stories15m", "models/stories260k", "models/minimind2-small",
                                           "tokenizers/smollm2"),
                         [](const auto& model) {
                           auto name = std::string{model.param};
                           std::ranges::replace_if(
                               name, [](char c) { return c == '/' || c == '-'; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace edgefuse::server
