#include "llm/pruning/sparsity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "llm/pruning/lowest.hpp"
#include "sim/error.hpp"
#include "tests/llm/small_model.hpp"

namespace edgefuse::llm {
namespace {

using testing::small_config;

TEST(Sparsity, AnyPatternTakesABitAWeightAndNOfMAPositionForEachThatStays) {
  EXPECT_DOUBLE_EQ(pattern_named("unstructured").index_bits(), 1);
  EXPECT_DOUBLE_EQ(pattern_named("2:4").index_bits(), 2 * 2 / 4.0);
  EXPECT_DOUBLE_EQ(pattern_named("4:8").index_bits(), 4 * 3 / 8.0);
  EXPECT_DOUBLE_EQ((SparsityPattern{.n = 1, .m = 5}.index_bits()), 3 / 5.0) << "five positions take three bits";
}

TEST(Sparsity, TakesARatioAsTheDecimalNumberItWasWrittenAs) {
  for (std::int64_t hundredths = 0; hundredths < 100; ++hundredths) {
    const Sparsity sparsity{.pattern = {}, .ratio = static_cast<double>(hundredths) / 100};
    for (const std::int64_t count : {1, 7, 12, 100, 1408 * 512, 300'000'000})
      EXPECT_EQ(sparsity.zeros_of(count), hundredths * count / 100) << sparsity.ratio << " of " << count;
  }
}

TEST(Sparsity, LeavesOneWeightHoweverNearToOneTheRatioIs) {
  const Sparsity sparsity{.pattern = {}, .ratio = 0.9999999};
  EXPECT_EQ(sparsity.zeros_of(64), 63);
  EXPECT_EQ(sparsity.zeros_of(172 * 64), 172 * 64 - 1);
  EXPECT_EQ((Sparsity{.pattern = {}, .ratio = 1 - 1e-16}.zeros_of(64)), 63);
}

std::vector<std::string> mistakes_of(const std::string& pattern, const ModelConfig& config, double ratio) {
  std::vector<std::string> texts;
  try {
    check_fits(pattern_named(pattern), config, ratio);
  } catch (const InputError& error) {
    for (const auto& mistake : error.mistakes())
      texts.push_back(mistake.text());
  }
  return texts;
}

/// `small_config` multiplies vectors of 12, 4 · 6 and 20.
TEST(Sparsity, NOfMFitsOneRatioAndWidthsThatMDivides) {
  const auto config = small_config();
  using Texts = std::vector<std::string>;
  EXPECT_EQ(mistakes_of("2:4", config, 0.5), Texts{});
  EXPECT_EQ(mistakes_of("4:8", config, 0), Texts{}) << "nothing is pruned at ratio 0";
  EXPECT_EQ(mistakes_of("unstructured", config, 0.3), Texts{});
  EXPECT_EQ(mistakes_of("2:4", config, 0.3), Texts{"ratio: 0.3 is not what pattern 2:4 removes (0 or 0.5, or pattern "
                                                   "\"unstructured\" for any ratio)"});
  EXPECT_EQ(mistakes_of("4:8", config, 0.5),
            (Texts{"pattern: 4:8 does not divide the model's hidden width of 12 into groups of 8 (use pattern "
                   "\"unstructured\", or a base with other widths)",
                   "pattern: 4:8 does not divide the model's intermediate width of 20 into groups of 8 (use pattern "
                   "\"unstructured\", or a base with other widths)"}));
  EXPECT_EQ(mistakes_of("4:8", config, 0.4).size(), 3u) << "all mistakes at once";
}

/// By sorting.
std::vector<char> lowest_by_sorting(const std::vector<double>& scores, std::int64_t count, std::vector<char> marked) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return scores[i]; });
  count -= std::ranges::count(marked, 1);
  for (const auto i : order)
    if (!marked[i] && count-- > 0) marked[i] = 1;
  return marked;
}

TEST(MarkLowest, MarksWhatSortingWouldTheFirstOfEqualsFirst) {
  sim::Draws draws{{.seed = 3, .domain = sim::Domain::test}};
  for (const std::uint64_t kinds : {3, 1000}) {
    for (const std::int64_t count : {0, 1, 5, 17, 22, 23}) {
      std::array<bool, 23> marked{};
      std::vector<double> scores;
      std::vector<char> before;
      for (auto& mark : marked) {
        scores.push_back(static_cast<double>(draws.below(kinds)));
        mark = draws.below(4) == 0;
        before.push_back(mark ? 1 : 0);
      }
      const auto expected = lowest_by_sorting(scores, count, before);
      mark_lowest(scores, count, marked);
      EXPECT_TRUE(std::ranges::equal(marked, expected)) << count << " of 23 scores of " << kinds << " kinds";
    }
  }
}

TEST(MarkLowest, TakesEachRunByItself) {
  const auto scores = at::tensor({4., 1., 2., 3., 0., 9., 8., 7., 7., 7., 7., 6.}, at::kDouble).reshape({2, 6});
  auto marked = at::zeros({2, 6}, at::kBool);
  mark_lowest_of_each(scores, 3, 2, marked);
  const auto expected = at::tensor({0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 1}, at::kLong).reshape({2, 6}).to(at::kBool);
  EXPECT_TRUE(at::equal(marked, expected)) << marked;
}

}  // namespace
}  // namespace edgefuse::llm
