#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "server/conflict/cr_sign.hpp"
#include "server/conflict/resolved.hpp"
#include "server/fuse.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server {
namespace {

using testing::distance;
using testing::random_contributions;

std::vector<at::Tensor> resolved(const std::vector<Contribution>& contributions, const Parameters& parameters) {
  const auto resolver = conflict_resolvers().make("cr-sign", parameters);
  std::vector<at::Tensor> changes;
  const auto modules = server::resolved(source_of(contributions), *resolver);
  for (const auto& [id, shape] : modules.shapes)
    for (const auto& part : modules.parts(id))
      changes.push_back(llm::dense(part.delta));
  return changes;
}

std::vector<at::Tensor> unresolved(const std::vector<Contribution>& contributions) {
  return resolved(contributions, {{"beta", 0.0}});
}

void expect_equal(const std::vector<at::Tensor>& x, const std::vector<at::Tensor>& y, const char* why) {
  ASSERT_EQ(x.size(), y.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_TRUE(at::equal(x[i], y[i])) << why << ", change " << i;
}

TEST(ConflictProperty, BetaZeroIsTheIdentityAndKeepsTheLowRank) {
  const auto contributions = random_contributions(5, 61);
  const auto resolver = conflict_resolvers().make("cr-sign", {{"beta", 0.0}, {"rescale", true}});
  EXPECT_TRUE(resolver->keeps_low_rank());
  const auto modules = server::resolved(source_of(contributions), *resolver);
  for (const auto& part : modules.parts(testing::q0)) {
    const auto& given = std::get<llm::LowRank>(contributions[part.index].delta.at(testing::q0));
    EXPECT_TRUE(at::equal(std::get<llm::LowRank>(part.delta).a, given.a));
    EXPECT_TRUE(at::equal(std::get<llm::LowRank>(part.delta).b, given.b));
  }
}

TEST(ConflictProperty, UnanimousSignsAreLeftAlone) {
  auto contributions = random_contributions(6, 62);
  for (auto& c : contributions)
    for (auto& [id, delta] : c.delta) {
      auto& low = std::get<llm::LowRank>(delta);
      low = {.a = low.a.abs(), .b = -low.b.abs()};
    }
  expect_equal(resolved(contributions, {}), unresolved(contributions), "all negative");
  expect_equal(resolved(contributions, {{"q", 0.4}, {"rescale", true}}), unresolved(contributions), "rescaled by 1");
}

TEST(ConflictProperty, AThresholdOfOneFindsNoConflict) {
  const auto contributions = random_contributions(5, 63);
  expect_equal(resolved(contributions, {{"t", 1.0}}), unresolved(contributions), "c is at most 1");
}

TEST(ConflictProperty, AfterFullResolutionNoEntryHasTwoSigns) {
  const auto contributions = random_contributions(6, 64);
  const auto resolver = conflict_resolvers().make("cr-sign");
  const auto modules = server::resolved(source_of(contributions), *resolver);
  for (const auto& [id, shape] : modules.shapes) {
    auto up = at::zeros({shape.out, shape.in}, at::kBool);
    auto down = at::zeros({shape.out, shape.in}, at::kBool);
    for (const auto& part : modules.parts(id)) {
      up = up | (llm::dense(part.delta) > 0);
      down = down | (llm::dense(part.delta) < 0);
    }
    EXPECT_FALSE((up & down).any().item<bool>()) << id.name();
    EXPECT_TRUE((up | down).all().item<bool>()) << id.name() << ": the winners of every entry stay";
  }
}

TEST(ConflictProperty, BetaInterpolatesBetweenTheIdentityAndFullResolution) {
  const auto contributions = random_contributions(5, 65);
  const auto nothing = unresolved(contributions);
  const auto full = resolved(contributions, {});
  const auto half = resolved(contributions, {{"beta", 0.5}});
  for (std::size_t i = 0; i < half.size(); ++i)
    EXPECT_LT(distance(half[i], (nothing[i] + full[i]) / 2), 1e-6);
}

TEST(ConflictProperty, RescalingKeepsEachChangesL1Norm) {
  const auto contributions = random_contributions(5, 66);
  const auto nothing = unresolved(contributions);
  const auto scaled = resolved(contributions, {{"rescale", true}});
  for (std::size_t i = 0; i < scaled.size(); ++i) {
    const auto before = nothing[i].abs().sum(at::kDouble).item<double>();
    EXPECT_NEAR(scaled[i].abs().sum(at::kDouble).item<double>(), before, 1e-5 * before) << "change " << i;
  }
}

TEST(ConflictProperty, AChangeThatLosesEverywhereIsZeroNotNan) {
  std::vector<Contribution> two = {{.client = 0, .weight = 3, .delta = {{testing::q0, llm::Dense{at::ones({3, 5})}}}},
                                   {.client = 1, .weight = 1, .delta = {{testing::q0, llm::Dense{-at::ones({3, 5})}}}}};
  const auto changes = resolved(two, {{"rescale", true}});
  EXPECT_TRUE(at::equal(changes[0], at::ones({3, 5})));
  EXPECT_TRUE(at::equal(changes[1].abs(), at::zeros({3, 5})));
}

TEST(ConflictProperty, MirroredChangesAreResolvedInMirrorImage) {
  const auto contributions = random_contributions(5, 67);
  auto mirrored = contributions;
  for (auto& c : mirrored)
    for (auto& [id, delta] : c.delta)
      std::get<llm::LowRank>(delta).b = -std::get<llm::LowRank>(delta).b;
  const Parameters parameters = {{"q", 0.2}, {"t", 0.1}, {"beta", 0.7}};
  auto back = resolved(mirrored, parameters);
  for (auto& change : back)
    change = -change;
  expect_equal(back, resolved(contributions, parameters), "mirrored");
}

/// With q = t = 0 and beta = 1, the mean of non-zero entries is TIES without trimming, where weights agree.
TEST(ConflictProperty, FullResolutionThenMeanOfNonzeroIsTiesUntrimmed) {
  auto contributions = random_contributions(6, 68);
  for (auto& c : contributions)
    c.weight = 1;
  const auto ours = fuse(contributions, *conflict_resolvers().make("cr-sign"), *fusion_rules().make("mean-nonzero"));
  const auto ties =
      fuse(contributions, *conflict_resolvers().make("none"), *fusion_rules().make("ties", {{"density", 1.0}}));
  for (const auto& [id, delta] : ours)
    EXPECT_LT(distance(llm::dense(delta), llm::dense(ties.at(id))), 1e-6) << id.name();
}

}  // namespace
}  // namespace edgefuse::server
