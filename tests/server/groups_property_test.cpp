#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "server/fuse.hpp"
#include "server/fuse_in_groups.hpp"
#include "sim/error.hpp"
#include "tests/server/deltas.hpp"
#include "tests/server/one_rank_rules.hpp"

// Fusion in two levels, as aggregators do.

namespace edgefuse::server {
namespace {

using testing::distance;

/// Rules that need what clients reveal are none for aggregators, and those of one rank not after a resolution, which
/// may leave each cell another one: the scenario's check says so.
TEST(Groups, EveryRuleAndResolverThatGoTogetherFuseInTwoLevels) {
  const auto contributions = testing::revealing_contributions(8, 117);
  const std::vector<std::uint32_t> groups = {0, 0, 0, 0, 1, 1, 1, 1};
  const auto rules = fusion_rules();
  const auto resolvers = conflict_resolvers();
  for (const auto& method : rules.methods()) {
    const auto rule = rules.make(method.name);
    if (rule->needs() != Reveals::nothing || method.name == "krum" || method.name == "slerp")
      continue;  // of no two groups of four
    for (const auto& conflict : resolvers.methods()) {
      const auto resolver = resolvers.make(conflict.name);
      if (rule->needs_low_rank() && !resolver->keeps_low_rank()) continue;
      if (rule->needs_one_rank() && conflict.name != "none") continue;
      const auto fused = fuse_in_groups(contributions, groups, *resolver, *rule, {.seed = 3}, testing::size_of);
      EXPECT_FALSE(fused.empty()) << method.name << " with " << conflict.name;
      for (const auto& [id, delta] : fused)
        EXPECT_TRUE(at::isfinite(llm::dense(delta)).all().item<bool>())
            << method.name << " with " << conflict.name << ", " << id.name();
    }
  }
}

TEST(Groups, ADenseChangeGoesOnToRulesOfFactorsAsItIs) {
  const auto contributions = testing::revealing_contributions(4, 118);
  const std::vector<std::uint32_t> together = {0, 0, 0, 0};
  const auto none = conflict_resolvers().make("none");
  const auto rule = fusion_rules().make("fedex");
  const auto once = fuse(contributions, *none, *rule);
  const auto twice = fuse_in_groups(contributions, together, *none, *rule);
  for (const auto& [id, delta] : once)
    EXPECT_LT(distance(llm::dense(delta), llm::dense(twice.at(id))), 1e-5) << id.name();
}

}  // namespace
}  // namespace edgefuse::server
