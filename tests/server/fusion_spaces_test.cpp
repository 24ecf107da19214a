#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "server/fuse.hpp"
#include "server/fusion/core_space.hpp"
#include "server/fusion/space.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server {
namespace {

using testing::distance;
using testing::q0;
using testing::random_contributions;

ModuleParts parts_of(const std::vector<Contribution>& contributions) {
  return source_of(contributions).parts(q0);
}

at::Tensor doubles(const llm::ModuleDelta& delta) {
  return llm::dense(delta).to(at::kDouble);
}

llm::ModelDelta fused(const std::vector<Contribution>& contributions, const std::string& rule,
                      const Parameters& parameters = {}) {
  return fuse(contributions, *conflict_resolvers().make("none"), *fusion_rules().make(rule, parameters));
}

at::Tensor identity(std::int64_t n) {
  return at::eye(n, at::kDouble);
}

TEST(CoreSpace, LosesNothingOfAnyChange) {
  auto contributions = random_contributions(5, 71);
  for (std::uint32_t i = 0; i < 5; ++i)
    contributions[i].scale = 1 + i;
  const auto parts = parts_of(contributions);
  const auto space = core_space(parts);
  EXPECT_LT(distance(at::mm(space.u.t(), space.u), identity(space.u.size(1))), 1e-12);
  EXPECT_LT(distance(at::mm(space.v.t(), space.v), identity(space.v.size(1))), 1e-12);
  for (std::size_t i = 0; i < parts.size(); ++i)
    EXPECT_LT(distance(at::mm(at::mm(space.u, space.cores[i]), space.v.t()), doubles(parts[i].delta)), 1e-5) << i;
}

TEST(CoreSpace, IsNoLargerThanTheModule) {
  const auto space = core_space(parts_of(random_contributions(20, 72)));  // 21 x 34, 50 ranks
  EXPECT_EQ(space.u.size(1), 21);
  EXPECT_EQ(space.v.size(1), 34);
}

TEST(CoreSpace, SumsAreTheSameInside) {
  const auto contributions = random_contributions(4, 73);
  const auto outside = fused(contributions, "task-arithmetic", {{"lambda", 0.3}});
  for (const auto& [id, delta] : fused(contributions, "core-task-arithmetic", {{"lambda", 0.3}}))
    EXPECT_LT(distance(doubles(delta), doubles(outside.at(id))), 1e-5) << id.name();
}

TEST(CoreSpace, WhatComesOutHasTheRankOfWhatWentIn) {
  const auto contributions = random_contributions(3, 74);  // ranks 1, 2, 3
  for (const auto& [id, delta] : fused(contributions, "core-ties", {{"density", 0.5}})) {
    const auto s = std::get<1>(at::linalg_svd(doubles(delta)));
    EXPECT_GT(s[0].item<double>(), 1e-3) << id.name();
    EXPECT_LT(s[6].item<double>(), 1e-4) << id.name();
  }
}

/// KnOTS from its definition: the singular value decomposition of [D_1 D_2 ...] whole.
TEST(KnotsSpace, IsTheDecompositionOfTheConcatenation) {
  const auto contributions = random_contributions(3, 75);
  const auto parts = parts_of(contributions);
  const auto embedded = in_knots_space(parts);
  std::vector<at::Tensor> matrices;
  for (const auto& part : parts)
    matrices.push_back(doubles(part.delta));
  const auto [u, s, v] = at::linalg_svd(at::cat(matrices, 1), /*full_matrices=*/false);
  const auto kept = embedded.shape.out;
  EXPECT_EQ(kept, 6) << "ranks 1, 2 and 3";
  // Up to the sign of each row, which U takes back.
  const auto whole = s.narrow(0, 0, kept).unsqueeze(1) * v.narrow(0, 0, kept);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto block = whole.narrow(1, static_cast<std::int64_t>(i) * 34, 34);
    EXPECT_LT(distance(doubles(embedded.parts[i].delta).abs(), block.abs()), 1e-4) << "adapter " << i;
    EXPECT_LT(distance(doubles(embedded.lift(llm::dense(embedded.parts[i].delta))), matrices[i]), 1e-4) << i;
  }
}

TEST(KnotsSpace, GoesByItsOwnNameForTheFactor) {
  const auto contributions = random_contributions(3, 76);
  const auto once = fused(contributions, "knots-ties", {{"density", 1.0}, {"scale", 1.0}});
  for (const auto& [id, delta] : fused(contributions, "knots-ties", {{"density", 1.0}, {"scale", 0.5}}))
    EXPECT_LT(distance(doubles(delta), 0.5 * doubles(once.at(id))), 1e-5) << id.name();
}

TEST(Spaces, TakeAnAdapterOfRankZeroAndOneThatIsZero) {
  auto contributions = random_contributions(3, 77);
  contributions[0].delta[q0] = llm::LowRank{.a = at::zeros({0, 34}), .b = at::zeros({21, 0})};
  contributions[1].delta[q0] = llm::LowRank{.a = at::zeros({2, 34}), .b = at::zeros({21, 2})};
  for (const auto* rule : {"core-ties", "knots-ties", "iso-c-core", "tsv", "lego", "hetlora"}) {
    const auto change = doubles(fused(contributions, rule).at(q0));
    EXPECT_EQ(change.size(0), 21) << rule;
    EXPECT_EQ(change.size(1), 34) << rule;
    EXPECT_TRUE(at::isfinite(change).all().item<bool>()) << rule;
  }
}

TEST(Spaces, TakeSixtyFourAdapters) {
  const auto contributions = random_contributions(64, 78);
  for (const auto* rule : {"core-ties", "knots-ties", "iso-c-core", "tsv", "lego", "hetlora", "flexlora"})
    for (const auto& [id, delta] : fused(contributions, rule))
      EXPECT_TRUE(at::isfinite(llm::dense(delta)).all().item<bool>()) << rule << ", " << id.name();
}

TEST(Spaces, AllZeroIsZero) {
  auto contributions = random_contributions(3, 79);
  for (auto& contribution : contributions)
    for (auto& [id, delta] : contribution.delta)
      std::get<llm::LowRank>(delta).b.zero_();
  for (const auto* rule : {"core-ties", "knots-ties", "iso-c-core", "tsv", "lego", "hetlora", "lora-fair", "fedit"}) {
    if (std::string{rule} == "fedit" || std::string{rule} == "lora-fair") continue;  // of one rank only
    for (const auto& [id, delta] : fused(contributions, rule))
      EXPECT_EQ(llm::dense(delta).abs().max().item<double>(), 0) << rule << ", " << id.name();
  }
}

}  // namespace
}  // namespace edgefuse::server
