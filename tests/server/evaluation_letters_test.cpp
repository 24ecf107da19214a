#include <gtest/gtest.h>

#include "llm/reference.hpp"
#include "server/evaluation/letters.hpp"
#include "sim/error.hpp"
#include "tests/llm/small_model.hpp"
#include "tests/server/evaluation_support.hpp"

namespace edgefuse::server {
namespace {

using namespace testing;

/// Makes one token of ':' and a letter.
class JoiningTokenizer : public WordTokenizer {
 public:
  using WordTokenizer::WordTokenizer;
  [[nodiscard]] Ids encode(std::string_view text, Special special) const override {
    auto ids = WordTokenizer::encode(text, special);
    if (text.ends_with(": A")) {
      ids.pop_back();
      ids.back() = word::two;
    }
    return ids;
  }
};

TEST(AnswerLetters, AreTheTokensAfterTheColon) {
  const auto letters = answer_letters(WordTokenizer{whole_letters()});
  EXPECT_TRUE(letters.lead.empty());
  EXPECT_EQ(letters.tails, (std::array<Ids, 4>{{{word::a}, {word::b}, {word::c}, {word::d}}}));
  EXPECT_TRUE(letters.single());
}

TEST(AnswerLetters, LeaveWhatAllShareToThePrompt) {
  const auto letters = answer_letters(WordTokenizer{spaced_letters()});
  EXPECT_EQ(letters.lead, Ids{word::space});
  EXPECT_EQ(letters.tails, (std::array<Ids, 4>{{{word::a}, {word::b}, {word::c}, {word::d}}}));
  EXPECT_TRUE(letters.single());
}

TEST(AnswerLetters, MayBeSeveralTokens) {
  const auto letters = answer_letters(WordTokenizer{paired_letters()});
  EXPECT_TRUE(letters.lead.empty());
  EXPECT_FALSE(letters.single());
  EXPECT_EQ(letters.tails[2], (Ids{word::b, word::a}));
}

TEST(AnswerLetters, RefuseATokenizerThatCannotTellThemApart) {
  EXPECT_THROW(static_cast<void>(answer_letters(WordTokenizer{{}})), InputError) << "four unknown tokens";
  auto prefix = whole_letters();
  prefix[" B"] = {word::a, word::b};
  EXPECT_THROW(static_cast<void>(answer_letters(WordTokenizer{prefix})), InputError) << "B begins with all of A";
}

TEST(AnswerLetters, RefuseATokenizerThatJoinsThemToThePrompt) {
  EXPECT_THROW(static_cast<void>(answer_letters(JoiningTokenizer{whole_letters()})), InputError);
}

TEST(ChooseLetters, TakesTheLargestOfFourLogits) {
  const auto model = voting_model({{word::one, {0, 0, 3, 2}}, {word::two, {0, 0, 0, 2}}});
  const auto letters = answer_letters(WordTokenizer{whole_letters()});
  const std::vector<Ids> prompts = {{word::bos, word::one},
                                    {word::bos, word::one, word::two, word::unknown},
                                    {word::bos, word::one, word::one, word::two}};
  EXPECT_EQ(choose_letters(model, nullptr, letters, prompts), (std::vector<int>{2, 3, 2}));
}

TEST(ChooseLetters, TakesTheFirstOfEquals) {
  const auto letters = answer_letters(WordTokenizer{whole_letters()});
  EXPECT_EQ(choose_letters(voting_model({}), nullptr, letters, std::vector<Ids>{{word::bos}}), std::vector<int>{0});
}

TEST(ChooseLetters, MultipliesTheProbabilitiesOfALettersTokens) {
  // Letters are pairs of the two tokens 2 and 3; each pair's log-probability is summed by hand from the reference.
  const auto letters = answer_letters(WordTokenizer{paired_letters()});
  const std::vector<Ids> prompts = {{0, 9, 11}, {0, 5, 5, 7, 12}, {0, 16}, {0, 1, 13, 14}, {0, 4, 3}, {0, 10, 2, 6}};
  std::set<int> seen;
  for (std::uint64_t seed = 1; seed < 5; ++seed) {
    const auto model = llm::testing::random_model(llm::testing::small_config(), seed);
    std::vector<int> expected;
    for (const auto& prompt : prompts) {
      std::array<double, 4> log_p{};
      for (int letter = 0; letter < 4; ++letter) {
        auto ids = prompt;
        const auto& tail = letters.tails[static_cast<std::size_t>(letter)];
        ids.insert(ids.end(), tail.begin(), tail.end());
        const auto table =
            at::log_softmax(llm::reference_logits(model, nullptr, at::tensor(ids).unsqueeze(0))[0].to(at::kDouble), 1);
        for (std::size_t i = prompt.size(); i < ids.size(); ++i)
          log_p[static_cast<std::size_t>(letter)] += table[static_cast<std::int64_t>(i) - 1][ids[i]].item<double>();
      }
      expected.push_back(static_cast<int>(std::ranges::max_element(log_p) - log_p.begin()));
      seen.insert(expected.back());
    }
    EXPECT_EQ(choose_letters(model, nullptr, letters, prompts), expected) << "seed " << seed;
  }
  EXPECT_GT(seen.size(), 1u) << "the check would pass for a constant answer";
}

TEST(ChooseLetters, RefusesAModelWhoseOutputIsNotFinite) {
  auto model = voting_model({});
  model.final_norm = at::full({model.config.hidden}, std::numeric_limits<float>::quiet_NaN());
  const auto letters = answer_letters(WordTokenizer{whole_letters()});
  EXPECT_THROW(static_cast<void>(choose_letters(model, nullptr, letters, std::vector<Ids>{{word::bos}})), RunError);
}

}  // namespace
}  // namespace edgefuse::server
