#include <gtest/gtest.h>

#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "server/fuse.hpp"
#include "sim/error.hpp"
#include "tests/server/deltas.hpp"
#include "tests/server/one_rank_rules.hpp"

namespace edgefuse::server {
namespace {

using testing::distance;
using testing::one_rank_rules;
using testing::revealing_contributions;
using testing::same_bits;

llm::ModelDelta fused(const std::vector<Contribution>& contributions, const testing::OneRankRule& rule) {
  return fuse(contributions, *conflict_resolvers().make("none"), *fusion_rules().make(rule.name, rule.parameters),
              {.seed = 3}, testing::size_of);
}

TEST(OneRankRules, FuseOneAdapterToItself) {
  auto contributions = revealing_contributions(1, 111);
  contributions.front().weight = 1;
  for (const auto& rule : one_rank_rules())
    for (const auto& [id, delta] : fused(contributions, rule))
      EXPECT_LE(distance(llm::dense(delta), llm::dense(contributions.front().delta.at(id))), rule.alone_off)
          << rule.name << ", " << id.name();
}

TEST(OneRankRules, GiveTheSameBitsInAnyOrderOfClients) {
  sim::Draws draws{{.seed = 112, .domain = sim::Domain::test}};
  auto contributions = revealing_contributions(6, 113);
  for (const auto& rule : one_rank_rules()) {
    const auto before = fused(contributions, rule);
    for (int i = 0; i < 3; ++i) {
      draws.shuffle(contributions);
      EXPECT_TRUE(same_bits(fused(contributions, rule), before)) << rule.name;
    }
  }
}

TEST(OneRankRules, WriteIntoNothingTheyAreGiven) {
  const auto contributions = revealing_contributions(3, 114);
  const auto again = revealing_contributions(3, 114);
  for (const auto& rule : one_rank_rules()) {
    (void)fused(contributions, rule);
    for (std::size_t i = 0; i < contributions.size(); ++i) {
      EXPECT_TRUE(same_bits(contributions[i].delta, again[i].delta)) << rule.name;
      for (const auto& [id, statistics] : contributions[i].statistics) {
        EXPECT_TRUE(at::equal(statistics.gram, again[i].statistics.at(id).gram)) << rule.name;
        EXPECT_TRUE(at::equal(statistics.fisher, again[i].statistics.at(id).fisher)) << rule.name;
      }
    }
  }
}

TEST(OneRankRules, AreFiniteForSixtyFourAdaptersAndForZeroOnes) {
  auto zero = revealing_contributions(3, 115);
  for (auto& contribution : zero)
    for (auto& [id, delta] : contribution.delta)
      std::get<llm::LowRank>(delta).b.zero_();
  for (const auto& rule : one_rank_rules()) {
    for (const auto& [id, delta] : fused(revealing_contributions(64, 116), rule))
      EXPECT_TRUE(at::isfinite(llm::dense(delta)).all().item<bool>()) << rule.name << ", " << id.name();
    for (const auto& [id, delta] : fused(zero, rule))
      EXPECT_EQ(llm::dense(delta).abs().max().item<double>(), 0) << rule.name << ", " << id.name();
  }
}

/// Changes of which the last has one rank less.
std::vector<Contribution> of_unlike_ranks(std::size_t count) {
  auto contributions = revealing_contributions(count, 115);
  for (auto& [id, delta] : contributions.back().delta) {
    const auto& low = std::get<llm::LowRank>(delta);
    delta = llm::LowRank{.a = low.a.narrow(0, 0, 2).contiguous(), .b = low.b.narrow(1, 0, 2).contiguous()};
  }
  return contributions;
}

TEST(EveryRule, SaysWhetherItTakesUnlikeRanks) {
  const auto five = of_unlike_ranks(5);
  const auto two = of_unlike_ranks(2);  // slerp takes no more
  const auto rules = fusion_rules();
  for (const auto& method : rules.methods()) {
    const auto rule = rules.make(method.name);
    bool refused = false;
    try {
      (void)fuse(method.name == "slerp" ? two : five, *conflict_resolvers().make("none"), *rule, {.seed = 3},
                 testing::size_of);
    } catch (const InputError&) {
      refused = true;
    }
    EXPECT_EQ(refused, rule->needs_one_rank()) << method.name;
  }
}

TEST(EveryRule, ThatAveragesFactorsLeavesOneThatAllShare) {
  auto contributions = revealing_contributions(4, 116);
  for (auto& contribution : contributions)
    for (auto& [id, delta] : contribution.delta)
      std::get<llm::LowRank>(delta).a = std::get<llm::LowRank>(contributions.front().delta.at(id)).a;
  const auto rules = fusion_rules();
  int found = 0;
  for (const auto& method : rules.methods()) {
    const auto rule = rules.make(method.name);
    if (!rule->keeps_factors()) continue;
    ++found;
    for (const auto& [id, delta] : fuse(contributions, *conflict_resolvers().make("none"), *rule))
      EXPECT_LE(distance(std::get<llm::LowRank>(delta).a, std::get<llm::LowRank>(contributions[1].delta.at(id)).a),
                1e-5)
          << method.name << ", " << id.name();
  }
  EXPECT_EQ(found, 3) << "fedit, hetlora and lora-fair";
}

}  // namespace
}  // namespace edgefuse::server
