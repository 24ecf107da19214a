#pragma once

#include <cstdint>
#include <span>

#include "llm/delta.hpp"
#include "server/conflict/conflict_resolver.hpp"
#include "server/fusion/contribution.hpp"
#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// Fuses in two levels, as aggregators do: each group's contributions first, then what came of the groups, which weigh
/// what their contributions do together. `groups[i]` is contribution i's. Where the rule or the resolver is of low-rank
/// changes, a dense one that came of a group goes on as its singular triplets.
[[nodiscard]] llm::ModelDelta fuse_in_groups(std::span<const Contribution> contributions,
                                             std::span<const std::uint32_t> groups, const ConflictResolver& resolver,
                                             const FusionRule& rule, const FusionSeed& seed = {},
                                             const PublicLoss& public_loss = {});

}  // namespace edgefuse::server
