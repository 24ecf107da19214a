#include <gtest/gtest.h>

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

}  // namespace
}  // namespace edgefuse::llm::engine
