#include "server/optimiser/factor_step.hpp"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "server/fusion/rebased.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server {
namespace {

using testing::down0;
using testing::q0;
using testing::random_low_rank;

constexpr std::int64_t rank = 3;

llm::ModelDelta random_factors(std::uint64_t seed) {
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::test}};
  llm::ModelDelta factors;
  factors[q0] = random_low_rank(7, 5, rank, draws);
  factors[down0] = random_low_rank(4, 9, rank, draws);
  return factors;
}

const llm::LowRank& of(const llm::ModelDelta& factors, llm::ModuleId id) {
  return std::get<llm::LowRank>(factors.at(id));
}

TEST(FactorStep, MomentumMovesAAndBByTheirOwnChangeAndBWithoutItsScale) {
  const auto optimiser =
      server_optimisers().make("fedadam", {{"rate", 0.1}, {"beta1", 0.0}, {"beta2", 0.0}, {"tau", 0.5}});
  const auto held = random_factors(1);
  const auto fused = random_factors(2);
  constexpr double scale = 4;
  const auto step = factor_step(*optimiser, {}, held, fused, scale);
  const auto expected = [](double from, double to, double s) {
    const double gradient = (to - from) / s;
    return from + s * 0.1 * gradient / (std::abs(gradient) + 0.5);
  };
  for (const auto id : {q0, down0}) {
    const auto& from = of(held, id);
    const auto& to = of(fused, id);
    const auto& after = of(step.change, id);
    ASSERT_EQ(after.a.sizes(), from.a.sizes());
    ASSERT_EQ(after.b.sizes(), from.b.sizes());
    for (std::int64_t r = 0; r < rank; ++r) {
      for (std::int64_t c = 0; c < from.a.size(1); ++c)
        EXPECT_NEAR(after.a[r][c].item<double>(), expected(from.a[r][c].item<double>(), to.a[r][c].item<double>(), 1),
                    1e-6)
            << id.name() << ", A[" << r << "][" << c << "]";
      for (std::int64_t o = 0; o < from.b.size(0); ++o)
        EXPECT_NEAR(after.b[o][r].item<double>(),
                    expected(from.b[o][r].item<double>(), to.b[o][r].item<double>(), scale), 1e-5)
            << id.name() << ", B[" << o << "][" << r << "]";
    }
  }
}

TEST(FactorStep, WithoutAChangeNothingMoves) {
  const auto held = random_factors(3);
  for (const auto* method : {"fedavgm", "fedadam", "fedyogi", "fedadagrad"})
    EXPECT_TRUE(testing::same_bits(factor_step(*server_optimisers().make(method), {}, held, held, 2).change, held))
        << method;
}

TEST(FactorStep, RebasedFactorsOfWhoBeganHereAndHasEverythingAreItsOwn) {
  const auto held = random_factors(4);
  const Contribution contribution{.client = 1, .delta = random_factors(5)};
  EXPECT_TRUE(testing::same_bits(rebased(contribution, held, held), contribution.delta));
}

TEST(FactorStep, WhatNobodyHasAnyOfStays) {
  const auto held = random_factors(9);
  auto fused = random_factors(10);
  fused.erase(down0);
  const auto step = factor_step(*server_optimisers().make("fedadam"), {}, held, fused, 2);
  EXPECT_TRUE(
      testing::same_bits(llm::ModelDelta{{down0, step.change.at(down0)}}, llm::ModelDelta{{down0, held.at(down0)}}));
}

TEST(FactorStep, RebasedFactorsOfAModuleThatAClientLacksAreTheServers) {
  const auto now = random_factors(11);
  Contribution contribution{.client = 1, .delta = random_factors(12)};
  contribution.delta.erase(down0);
  const auto after = rebased(contribution, random_factors(13), now);
  EXPECT_TRUE(at::equal(of(after, down0).a, of(now, down0).a));
  EXPECT_TRUE(at::equal(of(after, down0).b, of(now, down0).b));
}

TEST(FactorStep, RebasedFactorsHaveTheRanksThatCame) {
  const auto then = random_factors(14);
  const auto now = random_factors(15);
  Contribution contribution{.client = 1, .delta = random_factors(16)};
  for (auto& [id, module] : contribution.delta) {
    const auto& low = std::get<llm::LowRank>(module);
    module = llm::LowRank{.a = low.a.narrow(0, 0, 2), .b = low.b.narrow(1, 0, 2)};
  }
  const auto after = rebased(contribution, then, now);
  const auto moved = of(contribution.delta, q0).a - of(then, q0).a.narrow(0, 0, 2);
  ASSERT_EQ(of(after, q0).a.size(0), 2);
  EXPECT_LT((of(after, q0).a - of(now, q0).a.narrow(0, 0, 2) - moved).abs().max().item<double>(), 1e-6);
}

TEST(FactorStep, RebasedFactorsAreTheServersPlusWhatWasChangedOfWhatIsCovered) {
  const auto then = random_factors(6);
  const auto now = random_factors(7);
  Contribution contribution{.client = 1, .delta = random_factors(8)};
  contribution.coverage[q0] = {.rows = Kept::only({0, 2, 5})};
  contribution.coverage[down0] = {.columns = Kept::first(4)};
  for (const std::int64_t row : {1, 3, 4, 6})
    std::get<llm::LowRank>(contribution.delta[q0]).b[row].zero_();
  std::get<llm::LowRank>(contribution.delta[down0]).a.narrow(1, 4, 5).zero_();
  const auto before = contribution.delta;
  const auto after = rebased(contribution, then, now);
  const auto expect = [&](const at::Tensor& found, const at::Tensor& came, const at::Tensor& began,
                          const at::Tensor& held, auto covers, const char* what) {
    for (std::int64_t i = 0; i < found.size(0); ++i)
      for (std::int64_t j = 0; j < found.size(1); ++j) {
        const double change = covers(i, j) ? came[i][j].item<double>() - began[i][j].item<double>() : 0;
        EXPECT_NEAR(found[i][j].item<double>(), held[i][j].item<double>() + change, 1e-6)
            << what << "[" << i << "][" << j << "]";
      }
  };
  const auto all = [](std::int64_t, std::int64_t) { return true; };
  const auto some_rows = [](std::int64_t i, std::int64_t) { return i == 0 || i == 2 || i == 5; };
  const auto some_columns = [](std::int64_t, std::int64_t j) { return j < 4; };
  expect(of(after, q0).a, of(before, q0).a, of(then, q0).a, of(now, q0).a, all, "A of q");
  expect(of(after, q0).b, of(before, q0).b, of(then, q0).b, of(now, q0).b, some_rows, "B of q");
  expect(of(after, down0).a, of(before, down0).a, of(then, down0).a, of(now, down0).a, some_columns, "A of down");
  expect(of(after, down0).b, of(before, down0).b, of(then, down0).b, of(now, down0).b, all, "B of down");
}

}  // namespace
}  // namespace edgefuse::server
