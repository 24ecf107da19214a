#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "llm/engine/pass.hpp"

namespace edgefuse::llm::engine {
namespace {

using Ids = std::vector<std::int64_t>;

Sequence text(const Ids& ids, const Ids& labels) {
  return {ids, labels};
}

TEST(Passes, ReadNothingBehindTheLastLabel) {
  const Sequence a = text({5, 6, 7, 8, 9}, {5, no_label, 7, no_label, no_label});
  const Row row{0, &a};
  const auto passes = pack_labelled({&row, 1}, 100);
  ASSERT_EQ(passes.size(), 1);
  EXPECT_EQ(passes[0].ids, (Ids{5, 6}));
  EXPECT_EQ(passes[0].query_tokens, Ids{1});
  EXPECT_EQ(passes[0].targets, Ids{7});
  EXPECT_FALSE(passes[0].every_token_asks());
}

TEST(Passes, PutTextsBehindEachOtherWithoutPadding) {
  const Sequence a = text({1, 2, 3}, {no_label, 2, 3});
  const Sequence silent = text({4, 5}, {4, no_label});
  const Sequence b = text({6, 7, 8, 9}, {no_label, no_label, no_label, 9});
  const std::vector<Row> rows = {{0, &a}, {0, &silent}, {2, &b}};
  const auto passes = pack_labelled(rows, 100);
  ASSERT_EQ(passes.size(), 1);
  const Pass& pass = passes[0];
  EXPECT_EQ(pass.ids, (Ids{1, 2, 6, 7, 8}));
  EXPECT_EQ(pass.tokens.positions, (Ids{0, 1, 0, 1, 2}));
  EXPECT_EQ(pass.query_tokens, (Ids{0, 1, 4}));
  EXPECT_EQ(pass.queries.positions, (Ids{0, 1, 2}));
  EXPECT_EQ(pass.targets, (Ids{2, 3, 9}));
  EXPECT_EQ(pass.sources, (std::vector<std::size_t>{0, 2})) << "a text without labels takes no part";
  ASSERT_EQ(pass.tokens.members.size(), 2);
  EXPECT_EQ(pass.tokens.members[1].member, 2);
  EXPECT_EQ(pass.tokens.members[1].span.begin, 2);
  EXPECT_EQ(pass.queries.members[1].span.begin, 2);
  EXPECT_EQ(pass.queries.members[1].span.end, 3);
}

TEST(Passes, StayBelowTheirBudgetUnlessOneTextIsLonger) {
  const Sequence small = text(Ids(5, 1), Ids(5, 1));
  const Sequence large = text(Ids(31, 1), Ids(31, 1));
  const std::vector<Row> rows = {{0, &small}, {0, &small}, {1, &small}, {1, &large}, {1, &small}};
  const auto passes = pack_labelled(rows, 10);
  ASSERT_EQ(passes.size(), 4);
  const std::vector<std::int64_t> sizes = {8, 4, 30, 4};
  for (std::size_t i = 0; i < passes.size(); ++i)
    EXPECT_EQ(passes[i].tokens.size(), sizes[i]) << "pass " << i;
}

TEST(Passes, AskForWhatFollowsEachText) {
  const std::vector<Ids> texts = {{1, 2, 3}, {4}};
  const auto passes = pack_last(texts, 100);
  ASSERT_EQ(passes.size(), 1);
  EXPECT_EQ(passes[0].ids, (Ids{1, 2, 3, 4}));
  EXPECT_EQ(passes[0].query_tokens, (Ids{2, 3}));
  EXPECT_EQ(passes[0].queries.positions, (Ids{2, 0}));
}

/// `count` numbers that begin with `first`.
Ids rising(std::int64_t first, std::int64_t count) {
  Ids ids(static_cast<std::size_t>(count));
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

Ids joined(Ids beginning, const Ids& end) {
  beginning.insert(beginning.end(), end.begin(), end.end());
  return beginning;
}

TEST(Passes, ReadOnceWhatNeighbouringTextsShare) {
  const Ids shared = rising(100, 20);
  const std::vector<Ids> texts = {joined(shared, {1, 2, 3}), joined(shared, {4}), joined(shared, {5, 6})};
  const auto passes = pack_last(texts, 100);
  ASSERT_EQ(passes.size(), 1);
  const Pass& pass = passes[0];
  EXPECT_EQ(pass.ids, joined(shared, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(pass.tokens.prefix, 20);
  ASSERT_EQ(pass.tokens.rows.size(), 4) << "the shared row and one for each text";
  EXPECT_EQ(pass.tokens.positions, joined(rising(0, 20), {20, 21, 22, 20, 20, 21}));
  EXPECT_EQ(pass.query_tokens, (Ids{22, 23, 25}));
  EXPECT_EQ(pass.queries.positions, (Ids{22, 20, 21}));
  EXPECT_EQ(pass.queries.rows[0].size(), 0) << "nobody asks what follows the shared beginning";
  EXPECT_EQ(pass.sources, (std::vector<std::size_t>{0, 1, 2}));
}

TEST(Passes, LeaveTheLastTokenOfATextToItself) {
  const Ids text = rising(0, 30);
  const auto passes = pack_last(std::vector<Ids>{text, text}, 100);
  ASSERT_EQ(passes.size(), 1);
  EXPECT_EQ(passes[0].tokens.prefix, 29);
  EXPECT_EQ(passes[0].query_tokens, (Ids{29, 30}));
}

TEST(Passes, BeginAnewWhereTextsStopBeingAlike) {
  const Ids one = rising(100, 40);
  const Ids other = rising(500, 40);
  const std::vector<Ids> texts = {joined(one, {1}), joined(one, {2}), joined(other, {1}), joined(other, {2})};
  const auto passes = pack_last(texts, 1000);
  ASSERT_EQ(passes.size(), 2);
  EXPECT_EQ(passes[0].tokens.prefix, 40);
  EXPECT_EQ(passes[1].tokens.prefix, 40);
  EXPECT_EQ(passes[1].sources, (std::vector<std::size_t>{2, 3}));
}

TEST(Passes, ReadOnceAPromptThatSeveralAnswersFollow) {
  const Ids prompt = rising(100, 20);
  const Ids unasked(20, no_label);
  const std::vector<Sequence> texts = {text(joined(prompt, {1, 2}), joined(unasked, {1, 2})),
                                       text(joined(prompt, {3}), joined(unasked, {3})),
                                       text(joined(prompt, {4, 5}), joined(unasked, {4, 5}))};
  const auto passes = pack_scored(texts, 100);
  ASSERT_EQ(passes.size(), 1);
  const Pass& pass = passes[0];
  EXPECT_EQ(pass.tokens.prefix, 19) << "the prompt's last token asks for the answer's first";
  EXPECT_EQ(pass.ids, joined(rising(100, 19), {119, 1, 119, 119, 4}));
  EXPECT_EQ(pass.query_tokens, (Ids{19, 20, 21, 22, 23}));
  EXPECT_EQ(pass.targets, (Ids{1, 2, 3, 4, 5}));
  EXPECT_EQ(pass.sources, (std::vector<std::size_t>{0, 1, 2}));
}

TEST(Passes, CountSharedTokensOnceAgainstTheirBudget) {
  const Ids shared = rising(100, 30);
  const std::vector<Ids> texts(10, joined(shared, {1, 2}));
  const auto passes = pack_last(texts, 40);
  ASSERT_EQ(passes.size(), 2) << "31 shared tokens and nine last ones";
  EXPECT_EQ(passes[0].tokens.size(), 40);
  EXPECT_EQ(passes[1].tokens.prefix, 0) << "one text shares nothing";
}

}  // namespace
}  // namespace edgefuse::llm::engine
