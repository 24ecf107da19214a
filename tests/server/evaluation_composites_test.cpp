#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "server/evaluation/composites.hpp"
#include "sim/error.hpp"
#include "tests/server/evaluation_support.hpp"

namespace edgefuse::server {
namespace {

using namespace testing;

data::Question part(const std::string& domain, const std::string& text, int answer) {
  return {.id = domain + text, .domain = domain, .text = text, .choices = {"w", "x", "y", "z"}, .answer = answer};
}

TEST(CompositeAnswers, AreConditionedOnTheModelsOwnEarlierLetters) {
  // Without its earlier letters the model would say B, B, B and D, D, D; with the right ones A, A, A.
  const std::vector<data::CompositeQuestion> two = {
      {.id = "1", .parts = {part("art", "one", 0), part("law", "one", 0), part("sea", "one", 0)}},
      {.id = "2", .parts = {part("art", "two", 0), part("law", "one", 0), part("sea", "one", 0)}}};
  for (const auto& spelling : {whole_letters(), spaced_letters()}) {
    const auto encoded = encode(two, WordTokenizer{spelling}, 2048);
    EXPECT_EQ(composite_answers(chaining_model(), nullptr, encoded),
              (std::vector<std::vector<int>>{{1, 2, 3}, {3, 0, 0}}));
  }
}

TEST(EncodedComposites, LinkAnswersAsTheTokenizerWouldWriteThem) {
  const std::vector<data::CompositeQuestion> one = {
      {.id = "1", .parts = {part("art", "one", 0), part("law", "two", 0), part("sea", "one", 0)}}};
  const WordTokenizer tokenizer{paired_letters()};
  const auto encoded = encode(one, tokenizer, 2048);
  ASSERT_EQ(encoded.links.size(), 2u);
  auto ids = encoded.prompts[0];
  for (const auto& [position, letter] : {std::pair{0u, 3u}, {1u, 1u}})
    ids.insert(ids.end(), encoded.links[position][letter].begin(), encoded.links[position][letter].end());
  EXPECT_EQ(ids, tokenizer.encode(data::composite_prompt(one[0], std::vector{3, 1}), llm::Tokenizer::Special::add));
}

TEST(EncodedComposites, AskEachQuestionAloneOnce) {
  const std::vector<data::CompositeQuestion> two = {
      {.id = "1", .parts = {part("art", "one", 0), part("law", "one", 1)}},
      {.id = "2", .parts = {part("law", "one", 1), part("sea", "one", 2)}}};
  const auto encoded = encode(two, WordTokenizer{whole_letters()}, 2048);
  EXPECT_EQ(encoded.alone.prompts.size(), 3u);
  EXPECT_EQ(encoded.parts, (std::vector<std::vector<std::size_t>>{{0, 1}, {1, 2}}));
}

TEST(EncodedComposites, NeedRoomForTheAnswers) {
  const std::vector<data::CompositeQuestion> one = {
      {.id = "1", .parts = {part("art", "one", 0), part("law", "one", 1)}}};
  const WordTokenizer tokenizer{whole_letters()};
  const auto encoded = encode(one, tokenizer, 2048);
  const auto needed = static_cast<std::int64_t>(encoded.prompts[0].size() + encoded.links[0][0].size() + 1);
  EXPECT_NO_THROW(static_cast<void>(encode(one, tokenizer, needed)));
  EXPECT_THROW(static_cast<void>(encode(one, tokenizer, needed - 1)), InputError);
}

TEST(CompositeScores, AreThoseCountedByHand) {
  // The model says:    together   alone
  //   1: one, one      B C        B B
  //   2: two, one      D A        D B
  //   3: two, two      D A        D D
  const std::vector<data::CompositeQuestion> three = {
      {.id = "1", .parts = {part("art", "one", 1), part("law", "one", 2)}},   // both right; alone the first only
      {.id = "2", .parts = {part("art", "two", 3), part("sea", "one", 1)}},   // the first right; alone both
      {.id = "3", .parts = {part("law", "two", 0), part("art", "two", 0)}}};  // the second right; alone none
  const auto scores = score(chaining_model(), encode(three, WordTokenizer{whole_letters()}, 2048));

  const auto expect = [&](std::string_view metric, std::string_view domain, double value, std::int64_t n) {
    const auto found =
        std::ranges::find_if(scores, [&](const Score& s) { return s.metric == metric && s.domain == domain; });
    ASSERT_NE(found, scores.end()) << metric << " of " << domain;
    EXPECT_NEAR(found->value, value, 1e-12) << metric << " of " << domain;
    EXPECT_EQ(found->n, n) << metric << " of " << domain;
  };
  expect("composite_all", "all", 1.0 / 3, 3);
  expect("composite_each", "all", 2.0 / 3, 3);
  expect("composite_each", "art", 1, 3);
  expect("composite_each", "law", 0.5, 2);
  expect("composite_each", "sea", 0, 1);
  expect("composition_gap", "all", (-0.5 + 0.5 - 0.5) / 3, 3);
  expect("composition_gap", "art", (0 + 0 - 1.0) / 3, 3);
  expect("composition_gap", "law", -0.5, 2);
  expect("composition_gap", "sea", 1, 1);
  EXPECT_EQ(scores.size(), 9u);
}

TEST(CompositeScores, DrawInstancesAndNotQuestions) {
  // Two instances, one all right and one all wrong: a quarter of the draws take the right one twice, so the interval
  // reaches 1. Were the six questions drawn one by one, only 1/64 of the draws would be all right, less than 2.5 %.
  const std::vector<data::CompositeQuestion> two = {
      {.id = "1", .parts = {part("art", "one", 1), part("law", "one", 2), part("sea", "one", 3)}},
      {.id = "2", .parts = {part("art", "two", 1), part("law", "two", 1), part("sea", "two", 1)}}};
  const auto scores = score(chaining_model(), encode(two, WordTokenizer{whole_letters()}, 2048));
  EXPECT_EQ(scores[1].metric, "composite_each");
  EXPECT_EQ(scores[1].value, 0.5);
  EXPECT_EQ(scores[1].low, 0);
  EXPECT_EQ(scores[1].high, 1);
}

TEST(CompositeScores, AreLessCertainWhereInstancesShareFacts) {
  // Eight instances, four all right and four all wrong. When two facts of "art" carry four instances each, they say
  // what two instances say: 4² · (1/2)² from each fact over 8 · (1/2)², with 32 of 64 pairs taken, is a design effect
  // of 7.
  const auto instances = [](bool shared) {
    std::vector<data::CompositeQuestion> made;
    for (int i = 0; i < 8; ++i) {
      const std::string text = (i < 4 ? "one v" : "two v") + std::to_string(i);
      auto art = part("art", text, 1);
      art.fact = shared ? text.substr(0, 3) : text;
      made.push_back({.id = std::to_string(i), .parts = {art, part("law", text, i < 4 ? 2 : 1)}});
    }
    return made;
  };
  const auto apart = score(chaining_model(), encode(instances(false), WordTokenizer{whole_letters()}, 2048));
  const auto shared = score(chaining_model(), encode(instances(true), WordTokenizer{whole_letters()}, 2048));
  ASSERT_EQ(apart.size(), shared.size());
  EXPECT_EQ(shared[0].metric, "composite_all");
  EXPECT_EQ(shared[0].value, 0.5);
  EXPECT_EQ(shared[0].n, 8);
  EXPECT_GT(apart[0].low, 0.1);
  EXPECT_NEAR(shared[0].low, std::max(0.0, 0.5 - std::sqrt(7.0) * (0.5 - apart[0].low)), 1e-12);
  EXPECT_NEAR(shared[0].high, std::min(1.0, 0.5 + std::sqrt(7.0) * (apart[0].high - 0.5)), 1e-12);
  for (std::size_t i = 0; i < apart.size(); ++i)
    EXPECT_EQ(shared[i].value, apart[i].value) << shared[i].metric << " of " << shared[i].domain;
}

}  // namespace
}  // namespace edgefuse::server
