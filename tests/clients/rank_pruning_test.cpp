#include "clients/rank_pruning.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include <ATen/ATen.h>

#include "llm/delta.hpp"
#include "sim/random.hpp"

namespace edgefuse::clients {
namespace {

const llm::ModuleId q{.layer = 0, .projection = llm::Projection::q};
const llm::ModuleId down{.layer = 2, .projection = llm::Projection::down};

/// Two modules of unlike shapes, rank 5.
llm::Adapter adapter_of(std::uint32_t stream, bool rslora = false) {
  sim::Draws draws{{.seed = 2, .domain = sim::Domain::test, .round = stream}};
  const auto drawn = [&](std::int64_t rows, std::int64_t columns) {
    auto matrix = at::empty({rows, columns});
    for (std::int64_t i = 0; i < matrix.numel(); ++i)
      matrix.data_ptr<float>()[i] = static_cast<float>(draws.normal());
    return matrix;
  };
  return {.spec = {.rank = 5, .alpha = 7, .rslora = rslora, .targets = {q.projection, down.projection}},
          .modules = {{q, {.a = drawn(5, 4), .b = drawn(6, 5)}}, {down, {.a = drawn(5, 9), .b = drawn(4, 5)}}}};
}

TEST(RankPruning, KeepsTheShareThatIsAskedForRoundedDownButOneAtLeast) {
  EXPECT_EQ(ranks_kept(8, 0.5), 4);
  EXPECT_EQ(ranks_kept(8, 0.99), 7);
  EXPECT_EQ(ranks_kept(7, 0.5), 3);
  EXPECT_EQ(ranks_kept(10, 0.7), 7) << "0.7·10 is a little less than 7 in binary";
  EXPECT_EQ(ranks_kept(2, 0.01), 1);
  EXPECT_EQ(ranks_kept(1, 0.5), 1);
  EXPECT_EQ(ranks_kept(6, 1), 6);
}

TEST(RankPruning, MeasuresATailByTheProductOfItsNormsModuleByModule) {
  const auto adapter = adapter_of(1);
  for (const std::int64_t kept : {0, 3, 4, 5}) {
    double expected = 0;
    for (const auto& [id, factors] : adapter.modules) {
      double a = 0;
      double b = 0;
      for (std::int64_t k = kept; k < 5; ++k) {
        for (std::int64_t j = 0; j < factors.a.size(1); ++j)
          a += std::pow(factors.a[k][j].item<double>(), 2);
        for (std::int64_t i = 0; i < factors.b.size(0); ++i)
          b += std::pow(factors.b[i][k].item<double>(), 2);
      }
      expected += std::sqrt(a) * std::sqrt(b);
    }
    EXPECT_NEAR(tail_size(adapter, kept), expected, 1e-12 * expected) << "kept " << kept;
  }
}

TEST(RankPruning, GivesUpRanksThatBecameSmallerAndNoOthers) {
  const auto initial = adapter_of(1);
  auto shrunk = initial;
  auto grown = initial;
  shrunk.modules.at(q).b = initial.modules.at(q).b.clone();
  shrunk.modules.at(q).b.narrow(1, 3, 2) *= 0.9;
  grown.modules.at(q).b = initial.modules.at(q).b.clone();
  grown.modules.at(q).b.narrow(1, 3, 2) *= 1.1;
  EXPECT_EQ(rank_after(initial, shrunk, 0.6), 3);
  EXPECT_EQ(rank_after(initial, grown, 0.6), 5);
  EXPECT_EQ(rank_after(initial, initial, 0.6), 5) << "what stays as large is kept";
  EXPECT_EQ(rank_after(initial, shrunk, 1), 5);
}

TEST(RankPruning, IsAboutTheRanksThatMayGoAlone) {
  const auto initial = adapter_of(1);
  auto trained = initial;
  trained.modules.at(down).a = initial.modules.at(down).a.clone();
  trained.modules.at(down).a.narrow(0, 0, 3) *= 0.1;
  EXPECT_EQ(rank_after(initial, trained, 0.6), 5);
}

TEST(RankPruning, NeverHappensWhereTrainingBeganAtZero) {
  auto initial = adapter_of(1);
  for (auto& [id, factors] : initial.modules)
    factors.b = at::zeros_like(factors.b);
  EXPECT_EQ(rank_after(initial, adapter_of(2), 0.6), 5);
}

TEST(RankPruning, LeavesWhatTheFirstRanksChangeOfTheModel) {
  for (const bool rslora : {false, true}) {
    const auto adapter = adapter_of(1, rslora);
    const auto first = first_ranks(adapter, 3);
    EXPECT_EQ(first.spec.rank, 3);
    const double s = rslora ? 7 / std::sqrt(5.0) : 7 / 5.0;
    for (const auto& [id, change] : llm::to_delta(first)) {
      const auto& factors = adapter.modules.at(id);
      const auto matrix = llm::dense(change);
      for (std::int64_t i = 0; i < matrix.size(0); ++i) {
        for (std::int64_t j = 0; j < matrix.size(1); ++j) {
          double expected = 0;
          for (std::int64_t k = 0; k < 3; ++k)
            expected += s * factors.b[i][k].item<double>() * factors.a[k][j].item<double>();
          EXPECT_NEAR(matrix[i][j].item<double>(), expected, 1e-5) << id.name() << " at " << i << ", " << j;
        }
      }
    }
  }
  const auto whole = adapter_of(3);
  EXPECT_TRUE(at::equal(first_ranks(whole, 5).modules.at(q).b, whole.modules.at(q).b));
}

}  // namespace
}  // namespace edgefuse::clients
