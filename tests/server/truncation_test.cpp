#include "server/fusion/truncation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <tuple>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "server/fuse.hpp"
#include "server/fusion/dense_parts.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server {
namespace {

using testing::distance;

llm::LowRank random_double_factors(std::int64_t out, std::int64_t in, std::int64_t rank, sim::Draws& draws) {
  const auto low = testing::random_low_rank(out, in, rank, draws);
  return {.a = low.a.to(at::kDouble), .b = low.b.to(at::kDouble)};
}

at::Tensor dense_spectrum(const llm::ModuleDelta& change) {
  return std::get<1>(at::linalg_svd(dense_double(change)));
}

double frobenius(const at::Tensor& x) {
  return x.norm().item<double>();
}

/// Factors of ranks below, at and above the matrix's sides, and dense matrices, all in float64.
std::vector<llm::ModuleDelta> many_changes() {
  sim::Draws draws{{.seed = 161, .domain = sim::Domain::test}};
  std::vector<llm::ModuleDelta> changes;
  for (const auto& [out, in] : {std::pair{7L, 19L}, std::pair{23L, 11L}, std::pair{1L, 6L}, std::pair{9L, 1L}}) {
    for (const std::int64_t rank : {1, 4, 8, 30})
      changes.emplace_back(random_double_factors(out, in, rank, draws));
    changes.emplace_back(llm::Dense{testing::random_tensor({out, in}, draws).to(at::kDouble)});
  }
  return changes;
}

TEST(Truncation, LosesTheTailOfTheSpectrumAndNoMore) {
  for (const auto& change : many_changes()) {
    const auto whole = dense_double(change);
    const auto spectrum = dense_spectrum(change);
    for (const std::int64_t rank : {1, 2, 3, 5, 12}) {
      const auto cut = truncated(change, rank);
      const auto kept = std::min(rank, spectrum.size(0));
      const double tail = frobenius(spectrum.narrow(0, kept, spectrum.size(0) - kept));
      const double tolerance = 1e-12 * frobenius(spectrum);
      EXPECT_NEAR(cut.lost, tail, tolerance) << whole.sizes() << " to rank " << rank;
      EXPECT_NEAR(frobenius(whole - dense_double(cut.factors)), tail, tolerance)
          << whole.sizes() << " to rank " << rank;
      EXPECT_NEAR(cut.lost_share, tail / frobenius(spectrum), 1e-12);
      EXPECT_LE(cut.factors.a.size(0), rank);
      EXPECT_EQ(cut.factors.a.size(0), cut.factors.b.size(1));
    }
  }
}

TEST(Truncation, ToTheTrueRankOrAboveIsExact) {
  for (const auto& change : many_changes()) {
    for (const std::int64_t rank : {30, 31, 1000}) {
      const auto cut = truncated(change, rank);
      EXPECT_LT(distance(dense_double(cut.factors), dense_double(change)), 1e-12 * frobenius(dense_double(change)));
      EXPECT_LT(cut.lost_share, 1e-14);
    }
  }
}

TEST(Truncation, ToRankZeroLosesEverything) {
  for (const auto& change : many_changes()) {
    const auto cut = truncated(change, 0);
    const auto [out, in] = shape_of(change);
    EXPECT_EQ(cut.factors.a.sizes(), (std::vector<std::int64_t>{0, in}));
    EXPECT_EQ(cut.factors.b.sizes(), (std::vector<std::int64_t>{out, 0}));
    EXPECT_NEAR(cut.lost, frobenius(dense_double(change)), 1e-12 * cut.lost);
    EXPECT_EQ(cut.lost_share, 1);
  }
}

TEST(Truncation, OfZeroIsZeroAndLosesNothing) {
  const std::vector<llm::ModuleDelta> zeros = {llm::Dense{at::zeros({5, 8})},
                                               llm::LowRank{.a = at::zeros({3, 8}), .b = at::zeros({5, 3})},
                                               llm::LowRank{.a = at::zeros({0, 8}), .b = at::zeros({5, 0})},
                                               llm::LowRank{.a = at::ones({9, 8}), .b = at::zeros({5, 9})}};
  for (std::size_t i = 0; i < zeros.size(); ++i)
    for (const std::int64_t rank : {0, 2, 20}) {
      const auto cut = truncated(zeros[i], rank);
      EXPECT_TRUE(at::equal(llm::dense(cut.factors), at::zeros({5, 8}))) << "case " << i << ", rank " << rank;
      EXPECT_EQ(cut.lost, 0) << "case " << i;
      EXPECT_EQ(cut.lost_share, 0) << "case " << i;
    }
}

TEST(Truncation, DoesNotDependOnHowAChangeIsFactored) {
  sim::Draws draws{{.seed = 162, .domain = sim::Domain::test}};
  const auto low = random_double_factors(13, 21, 5, draws);
  const auto mixing = testing::random_tensor({5, 5}, draws).to(at::kDouble);
  const llm::LowRank other{.a = at::mm(at::linalg_inv(mixing), low.a), .b = at::mm(low.b, mixing)};
  const auto first = truncated(low, 3);
  for (const auto& same : std::vector<llm::ModuleDelta>{other, llm::Dense{dense_double(low)}}) {
    const auto second = truncated(same, 3);
    EXPECT_LT(distance(first.factors.a, second.factors.a), 1e-10) << "signs and order are the change's own";
    EXPECT_LT(distance(first.factors.b, second.factors.b), 1e-10);
  }
}

TEST(Truncation, HasOrthonormalRowsFallingSingularValuesAndSettledSigns) {
  for (const auto& change : many_changes()) {
    const auto& [a, b] = truncated(change, 4).factors;
    EXPECT_LT(distance(at::mm(a, a.t()), at::eye(a.size(0), at::kDouble)), 1e-12);
    const auto s = b.norm(2, 0);
    for (std::int64_t i = 0; i < a.size(0); ++i) {
      if (i > 0) {
        EXPECT_LE(s[i].item<double>(), s[i - 1].item<double>() + 1e-12);
      }
      const auto largest = a[i].abs().argmax();
      EXPECT_GT(a[i][largest.item<std::int64_t>()].item<double>(), 0) << "row " << i;
    }
  }
}

TEST(Truncation, IsTheSameTwiceAndInTheTypeOfTheChange) {
  sim::Draws draws{{.seed = 163, .domain = sim::Domain::test}};
  const auto low = testing::random_low_rank(31, 18, 6, draws);
  const auto first = truncated(low, 4);
  const auto second = truncated(low, 4);
  EXPECT_EQ(first.factors.a.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(first.factors.a, second.factors.a));
  EXPECT_TRUE(at::equal(first.factors.b, second.factors.b));
  EXPECT_LT(distance(llm::dense(truncated(low, 6).factors), llm::dense(low)), 1e-5);
}

TEST(Truncation, OfFactorsNeverFormsTheMatrix) {
  sim::Draws draws{{.seed = 164, .domain = sim::Domain::test}};
  constexpr std::int64_t out = 400'000;  // the matrix would have 240 GB
  constexpr std::int64_t in = 150'001;
  const llm::LowRank low{.a = testing::random_tensor({3, in}, draws), .b = testing::random_tensor({out, 3}, draws)};
  const auto cut = truncated(low, 2);
  EXPECT_EQ(cut.factors.b.sizes(), (std::vector<std::int64_t>{out, 2}));
  EXPECT_EQ(cut.factors.a.sizes(), (std::vector<std::int64_t>{2, in}));
  EXPECT_NEAR(cut.lost_share, 0.577, 0.01) << "three nearly equal directions, one of them cut off: √(1/3)";
}

TEST(TruncationDeath, ANegativeRankBreaksAnInvariant) {
  EXPECT_DEATH((void)truncated(llm::Dense{at::zeros({2, 3})}, -1), "rank is not negative");
}

}  // namespace
}  // namespace edgefuse::server
