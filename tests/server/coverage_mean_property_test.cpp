#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "server/fuse.hpp"
#include "server/recovery/zero_fill.hpp"
#include "tests/server/deltas.hpp"
#include "tests/server/variants.hpp"

namespace edgefuse::server {
namespace {

using testing::distance;
using testing::q0;
using testing::random_contributions;

constexpr int cases = 25;

enum class Cut { rows, columns, both };

/// Some of `size`, now and then none or all.
Kept random_kept(std::int64_t size, sim::Draws& draws) {
  const auto kind = draws.below(5);
  if (kind == 0) return {};
  if (kind == 1) return Kept::first(static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(size + 1))));
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < size; ++i)
    if (draws.below(3) > 0) indices.push_back(i);
  return Kept::only(std::move(indices));
}

at::Tensor as_tensor(const Kept& kept, std::int64_t size) {
  return at::tensor(kept.indicator(size), at::kDouble);
}

/// Changes of one module of a random shape, zero beside what each covers, with weights of which some may be 0.
std::vector<Contribution> random_covered(Cut cut, sim::Draws& draws) {
  const auto out = 5 + static_cast<std::int64_t>(draws.below(20));
  const auto in = 30 + static_cast<std::int64_t>(draws.below(20));
  std::vector<Contribution> all(1 + draws.below(6));
  for (std::uint32_t k = 0; k < all.size(); ++k) {
    auto& own = all[k].coverage[q0];
    if (cut != Cut::columns) own.rows = random_kept(out, draws);
    if (cut != Cut::rows) own.columns = random_kept(in, draws);
    auto factors = testing::random_low_rank(out, in, 1 + static_cast<std::int64_t>(draws.below(3)), draws);
    factors.b *= as_tensor(own.rows, out).to(at::kFloat).unsqueeze(1);
    factors.a *= as_tensor(own.columns, in).to(at::kFloat).unsqueeze(0);
    all[k].client = k;
    all[k].weight = k > 0 && draws.below(6) == 0 ? 0 : 0.1 + 9 * draws.uniform();
    all[k].delta[q0] = factors;
  }
  return all;
}

llm::ModelDelta fused(const std::vector<Contribution>& contributions, const char* rule = "coverage-mean") {
  return fuse(contributions, *conflict_resolvers().make("none"), *fusion_rules().make(rule));
}

at::Tensor doubles(const llm::ModuleDelta& delta) {
  const auto& low = std::get<llm::LowRank>(delta);
  return at::mm(low.b.to(at::kDouble), low.a.to(at::kDouble));
}

/// The definition, entry by entry in float64.
at::Tensor by_definition(const std::vector<Contribution>& contributions, llm::ModuleId id) {
  at::Tensor sum;
  at::Tensor covered_by;
  for (const auto& c : contributions) {
    const auto change = doubles(c.delta.at(id));
    const auto own = covered(c.coverage, id);
    const auto here = c.weight * at::outer(as_tensor(own.rows, change.size(0)), as_tensor(own.columns, change.size(1)));
    sum = sum.defined() ? sum + here * change : here * change;
    covered_by = covered_by.defined() ? covered_by + here : here;
  }
  return at::where(covered_by > 0, sum / covered_by, at::zeros_like(sum));
}

TEST(CoverageMeanProperty, IsTheMeanOverThoseThatCoverAnEntry) {
  sim::Draws draws{{.seed = 141, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i)
    for (const auto cut : {Cut::rows, Cut::columns, Cut::both}) {
      const auto contributions = random_covered(cut, draws);
      const auto got = llm::dense(fused(contributions).at(q0));
      ASSERT_TRUE(at::isfinite(got).all().item<bool>()) << "case " << i << ": divided by zero";
      EXPECT_LT(distance(got, by_definition(contributions, q0)), 1e-5) << "case " << i;
    }
}

TEST(CoverageMeanProperty, WhatNobodyCoversStaysZero) {
  sim::Draws draws{{.seed = 142, .domain = sim::Domain::test}};
  int uncovered = 0;
  for (int i = 0; i < cases; ++i)
    for (const auto cut : {Cut::rows, Cut::columns, Cut::both}) {
      const auto contributions = random_covered(cut, draws);
      const auto got = llm::dense(fused(contributions).at(q0));
      auto anybody = at::zeros(got.sizes(), at::kBool);
      for (const auto& c : contributions) {
        const auto own = covered(c.coverage, q0);
        if (c.weight > 0)
          anybody = anybody.logical_or(
              at::outer(as_tensor(own.rows, got.size(0)), as_tensor(own.columns, got.size(1))).ne(0));
      }
      EXPECT_EQ(got.masked_select(anybody.logical_not()).abs().sum().item<float>(), 0) << "case " << i;
      uncovered += anybody.all().item<bool>() ? 0 : 1;
    }
  EXPECT_GT(uncovered, 10) << "too few cases leave something uncovered";
}

TEST(CoverageMeanProperty, ARowOrColumnThatOneClientAloneCoversIsThatClients) {
  sim::Draws draws{{.seed = 143, .domain = sim::Domain::test}};
  int alone = 0;
  for (int i = 0; i < cases; ++i)
    for (const auto cut : {Cut::rows, Cut::columns}) {
      const auto contributions = random_covered(cut, draws);
      const auto got = llm::dense(fused(contributions).at(q0));
      const std::int64_t dim = cut == Cut::rows ? 0 : 1;
      for (std::int64_t line = 0; line < got.size(dim); ++line) {
        const Contribution* only = nullptr;
        int coverers = 0;
        for (const auto& c : contributions) {
          const auto own = covered(c.coverage, q0);
          const auto kept = (dim == 0 ? own.rows : own.columns).indicator(got.size(dim));
          if (c.weight == 0 || kept[static_cast<std::size_t>(line)] == 0) continue;
          only = &c;
          ++coverers;
        }
        if (coverers != 1) continue;
        ++alone;
        const auto own = doubles(only->delta.at(q0)).select(dim, line);
        EXPECT_LT(distance(got.select(dim, line), own), 1e-5) << "case " << i << ", line " << line;
      }
    }
  EXPECT_GT(alone, 50) << "too few lines have one coverer";
}

TEST(CoverageMeanProperty, StaysLowRankWhenOnlyRowsOrOnlyColumnsAreUncovered) {
  sim::Draws draws{{.seed = 144, .domain = sim::Domain::test}};
  auto contributions = random_contributions(3, 145);
  std::int64_t rank = 0;
  for (auto& c : contributions) {
    c.coverage[testing::down0].columns = random_kept(55, draws);
    c.coverage[q0].rows = random_kept(21, draws);
    rank += std::get<llm::LowRank>(c.delta.at(q0)).a.size(0);
  }
  contributions[1].coverage[testing::gate1] = {.rows = Kept::first(7), .columns = {}};
  contributions[0].coverage[testing::gate1] = {.rows = {}, .columns = Kept::first(9)};
  const auto result = fused(contributions);
  ASSERT_TRUE(std::holds_alternative<llm::LowRank>(result.at(q0)));
  EXPECT_EQ(std::get<llm::LowRank>(result.at(q0)).a.size(0), rank);
  EXPECT_TRUE(std::holds_alternative<llm::LowRank>(result.at(testing::down0)));
  EXPECT_TRUE(std::holds_alternative<llm::Dense>(result.at(testing::gate1))) << "rows of one, columns of another";
}

TEST(CoverageMeanProperty, FoldingTouchesOnlyTheFactorOnTheUncoveredSide) {
  sim::Draws draws{{.seed = 146, .domain = sim::Domain::test}};
  auto contributions = random_contributions(2, 147);
  contributions[0].coverage[q0].rows = Kept::first(11);
  contributions[1].coverage[testing::down0].columns = Kept::first(31);
  const auto result = fused(contributions);
  const auto stack = [&](llm::ModuleId id, bool of_a) {
    std::vector<at::Tensor> factors;
    for (const auto& c : contributions) {
      const auto& low = std::get<llm::LowRank>(c.delta.at(id));
      factors.push_back(of_a ? low.a : low.b);
    }
    return at::cat(factors, of_a ? 0 : 1);
  };
  EXPECT_TRUE(at::equal(std::get<llm::LowRank>(result.at(q0)).a, stack(q0, true)));
  EXPECT_TRUE(at::equal(std::get<llm::LowRank>(result.at(testing::down0)).b, stack(testing::down0, false)));
}

TEST(CoverageMeanProperty, WithoutCoverageItIsTheMeanBitForBit) {
  for (const auto count : {2U, 20U}) {
    const auto contributions = random_contributions(count, 148);
    auto same_modules = contributions;
    for (auto& c : same_modules)
      c.delta.erase(testing::gate1);
    EXPECT_TRUE(testing::same_bits(fused(same_modules), fused(same_modules, "weighted-mean"))) << count << " clients";
  }
}

TEST(CoverageMeanProperty, AModuleThatOneClientAloneHasIsThatClients) {
  auto contributions = random_contributions(3, 149);
  contributions[0].delta.erase(testing::gate1);
  const auto result = fused(contributions);
  EXPECT_TRUE(at::equal(llm::dense(result.at(testing::gate1)), llm::dense(contributions[1].delta.at(testing::gate1))));
}

TEST(CoverageMeanProperty, WhatAClientChangesBesideItsCoverageIsLeftOut) {
  sim::Draws draws{{.seed = 150, .domain = sim::Domain::test}};
  for (const auto cut : {Cut::rows, Cut::columns, Cut::both}) {
    auto contributions = random_covered(cut, draws);
    const auto expected = llm::dense(fused(contributions).at(q0)).clone();
    for (auto& c : contributions) {
      auto change = doubles(c.delta.at(q0)).to(at::kFloat);
      const auto own = covered(c.coverage, q0);
      const auto inside = at::outer(as_tensor(own.rows, change.size(0)), as_tensor(own.columns, change.size(1)));
      c.delta[q0] = llm::Dense{change + 1000 * (1 - inside).to(at::kFloat)};
    }
    EXPECT_LT(distance(llm::dense(fused(contributions).at(q0)), expected), 1e-5);
  }
}

TEST(CoverageMeanProperty, ManyClientsAreSummedInDoublePrecisionAndRoundedOnce) {
  sim::Draws draws{{.seed = 151, .domain = sim::Domain::test}};
  auto contributions = random_contributions(30, 152);
  for (auto& c : contributions) {
    c.delta.erase(testing::gate1);
    c.coverage[q0].rows = random_kept(21, draws);
  }
  const auto result = fused(contributions).at(q0);
  ASSERT_TRUE(std::holds_alternative<llm::Dense>(result)) << "the factors would hold more numbers than the matrix";
  const auto exact = by_definition(contributions, q0);
  const auto error = (llm::dense(result).to(at::kDouble) - exact).abs();
  EXPECT_TRUE((error <= exact.abs() * 0x1p-24 + 1e-13).all().item<bool>());
}

TEST(CoverageMeanProperty, TheOrderOfClientsNeverChangesABitWhateverTheyCover) {
  sim::Draws draws{{.seed = 153, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    auto contributions = random_covered(Cut{static_cast<Cut>(i % 3)}, draws);
    const auto first = fused(contributions);
    draws.shuffle(contributions);
    EXPECT_TRUE(testing::same_bits(fused(contributions), first)) << "case " << i;
  }
}

TEST(CoverageMeanProperty, OfRecoveredVariantsNoRowIsSmallerThanItsOnlyCoverersOwn) {
  sim::Draws draws{{.seed = 154, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const auto config = testing::random_config(draws);
    std::vector<Contribution> contributions;
    for (const double ratio : {0.9999, 0.3 + 0.5 * draws.uniform(), 0.1 * draws.uniform()}) {
      const testing::Sent sent{config, variant_shape(config, ratio, 0, 0), draws};
      contributions.push_back({.client = static_cast<std::uint32_t>(contributions.size()),
                               .weight = 1 + draws.uniform(),
                               .delta = sent.recovered("zero-fill"),
                               .coverage = coverage_of(sent.update.variant, config)});
    }
    for (const auto& [id, delta] : fused(contributions)) {
      const auto got = llm::dense(delta);
      EXPECT_LT(distance(got, by_definition(contributions, id)), 1e-5) << "case " << i << ", " << id.name();
      // Variants are nested: beyond the second largest, the largest is alone.
      const auto second = covered(contributions[1].coverage, id);
      const auto rows = at::tensor(second.rows.indicator(got.size(0)), at::kDouble);
      const auto columns = at::tensor(second.columns.indicator(got.size(1)), at::kDouble);
      const auto alone = at::outer(rows, columns).eq(0);
      const auto largest = doubles(contributions[2].delta.at(id));
      EXPECT_LT(distance(got.masked_select(alone), largest.masked_select(alone)), 1e-5) << id.name();
    }
  }
}

}  // namespace
}  // namespace edgefuse::server
