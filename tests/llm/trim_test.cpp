#include "llm/trim.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include "sim/random.hpp"

namespace edgefuse::llm {
namespace {

/// By sorting: the floor(density · n) largest, the earlier first among equals.
std::vector<float> trimmed_by_sorting(std::vector<float> values, double density) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return std::abs(values[i]); });
  const auto kept = static_cast<std::size_t>(std::floor(density * static_cast<double>(values.size())));
  for (auto i = kept; i < order.size(); ++i)
    values[order[i]] = 0;
  return values;
}

/// Numbers of all magnitudes; where `coarse`, few distinct ones and so many equals.
std::vector<float> random_values(std::size_t n, bool coarse, sim::Draws& draws) {
  std::vector<float> values(n);
  for (auto& x : values)
    x = coarse ? static_cast<float>(static_cast<int>(draws.below(7)) - 3) * 0.25F
               : static_cast<float>(draws.normal() * std::exp(8 * draws.normal()));
  return values;
}

TEST(Trim, KeepsWhatSortingKeeps) {
  sim::Draws draws{{.seed = 81, .domain = sim::Domain::test}};
  for (const bool coarse : {false, true}) {
    for (const double density : {0.0, 0.001, 0.2, 0.3, 0.5, 0.77, 0.999, 1.0}) {
      const auto values = random_values(301, coarse, draws);
      auto got = values;
      trim_to_density(got, density);
      EXPECT_EQ(got, trimmed_by_sorting(values, density)) << "density " << density << (coarse ? ", many equals" : "");
    }
  }
}

TEST(Trim, PiecesCountAsOneSequenceAndCanBeGoneThroughAgain) {
  sim::Draws draws{{.seed = 82, .domain = sim::Domain::test}};
  const auto values = random_values(500, true, draws);
  const std::vector<std::size_t> cuts = {0, 3, 120, 121, 500};
  Trim trim{0.4};
  const auto each = [&](std::vector<float>& all, const auto& visit) {
    for (std::size_t i = 1; i < cuts.size(); ++i)
      visit(std::span{all}.subspan(cuts[i - 1], cuts[i] - cuts[i - 1]));
  };
  auto first = values;
  each(first, [&](std::span<float> piece) { trim.count_upper(piece); });
  trim.settle_upper();
  each(first, [&](std::span<float> piece) { trim.count_lower(piece); });
  trim.settle_lower();
  auto again = trim;
  each(first, [&](std::span<float> piece) { trim.trim(piece); });
  EXPECT_EQ(first, trimmed_by_sorting(values, 0.4));
  auto second = values;
  each(second, [&](std::span<float> piece) { again.trim(piece); });
  EXPECT_EQ(second, first);
}

TEST(Trim, NothingOfNothing) {
  std::vector<float> empty;
  trim_to_density(empty, 0.5);
  EXPECT_TRUE(empty.empty());
}

}  // namespace
}  // namespace edgefuse::llm
