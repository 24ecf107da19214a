#include <gtest/gtest.h>

#include "server/evaluation/questions.hpp"
#include "sim/error.hpp"
#include "tests/server/evaluation_support.hpp"

namespace edgefuse::server {
namespace {

using namespace testing;

data::Question question(const std::string& domain, const std::string& text, int answer) {
  return {.id = domain + text, .domain = domain, .text = text, .choices = {"w", "x", "y", "z"}, .answer = answer};
}

/// The chaining model says B to "one" and D to "two".
const std::vector<data::Question> four = {question("law", "one", 1), question("art", "two", 0),
                                          question("law", "two", 3), question("law", "one", 2)};

TEST(EncodedQuestions, BeginWithTheTemplateAndEndWhereTheLetterFollows) {
  const WordTokenizer tokenizer{spaced_letters()};
  const auto encoded = encode(four, tokenizer, 2048);
  ASSERT_EQ(encoded.prompts.size(), 4u);
  auto expected = tokenizer.encode(data::question_prompt(four[0]), llm::Tokenizer::Special::add);
  EXPECT_EQ(expected.front(), word::bos);
  expected.push_back(word::space);
  EXPECT_EQ(encoded.prompts[0], expected);
  EXPECT_EQ(encoded.answers, (std::vector<int>{1, 0, 3, 2}));
}

TEST(EncodedQuestions, RefusePromptsThatDoNotFitTheModel) {
  const WordTokenizer tokenizer{whole_letters()};
  const auto length = static_cast<std::int64_t>(encode(four, tokenizer, 2048).prompts[0].size());
  EXPECT_NO_THROW(static_cast<void>(encode(four, tokenizer, length + 1)));
  try {
    static_cast<void>(encode(four, tokenizer, length));
    FAIL() << "no room for the letter, yet accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string{error.what()}.find("4 of 4 prompts"), std::string::npos) << error.what();
  }
}

TEST(EncodedQuestions, RefuseATemplateThatEndsTheText) {
  WordTokenizer tokenizer{whole_letters()};
  tokenizer.template_.after = {word::bos};
  EXPECT_THROW(static_cast<void>(encode(four, tokenizer, 2048)), InputError);
}

TEST(Accuracy, IsResampledByFactWhenSeveralQuestionsAskForOne) {
  auto questions = four;
  questions[0].fact = questions[2].fact = questions[3].fact = "law/one";
  const auto encoded = encode(questions, WordTokenizer{whole_letters()}, 2048);
  EXPECT_EQ(encoded.facts, (std::vector<std::size_t>{0, 1, 0, 0}));
  const auto scores = score(chaining_model(), encoded);
  ASSERT_EQ(scores.size(), 3u);
  EXPECT_DOUBLE_EQ(scores[0].value, 0.5) << "every question counts the same, whatever the number of its fact's";
  EXPECT_EQ(scores[0].n, 2);
  EXPECT_EQ(scores[2].domain, "law");
  EXPECT_DOUBLE_EQ(scores[2].value, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores[2].low, scores[2].high) << "one fact has nothing to be resampled from";
}

TEST(Accuracy, IsTheShareOfRightAnswersOverAllAndByDomain) {
  const auto encoded = encode(four, WordTokenizer{whole_letters()}, 2048);
  EXPECT_EQ(answered_right(chaining_model(), nullptr, encoded), (std::vector<bool>{true, false, true, false}));
  const auto scores = score(chaining_model(), encoded);
  ASSERT_EQ(scores.size(), 3u);
  const auto expect = [&](std::size_t i, std::string_view domain, double value, std::int64_t n) {
    EXPECT_EQ(scores[i].metric, "accuracy");
    EXPECT_EQ(scores[i].domain, domain);
    EXPECT_DOUBLE_EQ(scores[i].value, value);
    EXPECT_EQ(scores[i].n, n);
    EXPECT_LE(scores[i].low, value);
    EXPECT_GE(scores[i].high, value);
  };
  expect(0, "all", 0.5, 4);
  expect(1, "art", 0, 1);
  expect(2, "law", 2.0 / 3, 3);
}

TEST(Accuracy, HasNoScoreWithoutQuestions) {
  EXPECT_TRUE(
      score(chaining_model(), encode(std::vector<data::Question>{}, WordTokenizer{whole_letters()}, 9)).empty());
}

TEST(Accuracy, IsTheSameEachTime) {
  const auto encoded = encode(four, WordTokenizer{whole_letters()}, 2048);
  EXPECT_EQ(score(chaining_model(), encoded), score(chaining_model(), encoded));
}

}  // namespace
}  // namespace edgefuse::server
