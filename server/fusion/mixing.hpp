#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "llm/delta.hpp"
#include "server/conflict/conflict_resolver.hpp"
#include "server/fusion/contribution.hpp"
#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// A change and what it is multiplied by.
struct Scaled {
  const llm::ModelDelta* change;
  double factor;
};

/// Σ factor · change, module by module; what is not in any of them does not change. With the changes that the base has
/// gone through since an update began, this mixes the base with that update's model (FedAsync, 1903.03934):
/// (1 - a) w + a (w_start + change) = w + a change - a (w - w_start).
[[nodiscard]] llm::ModelDelta sum(std::span<const Scaled> terms);

/// Fuses in two levels, as aggregators do: each group's contributions first, then what came of the groups, which weigh
/// what their contributions do together. `groups[i]` is contribution i's. Where the rule or the resolver is of low-rank
/// changes, a dense one that came of a group goes on as its singular triplets.
[[nodiscard]] llm::ModelDelta fuse_in_groups(std::span<const Contribution> contributions,
                                             std::span<const std::uint32_t> groups, const ConflictResolver& resolver,
                                             const FusionRule& rule, const FusionSeed& seed = {},
                                             const PublicLoss& public_loss = {});

}  // namespace edgefuse::server
