#pragma once

#include <span>

#include "llm/delta.hpp"
#include "server/conflict/conflict_resolver.hpp"
#include "server/fusion/contribution.hpp"
#include "server/fusion/fusion_rule.hpp"
#include "sim/parameters.hpp"

namespace edgefuse::server {

/// Resolves conflicts and fuses, module by module. The order of `contributions` never changes a bit of the result: they
/// are taken by rising client id (one client's several in the order given). No contribution: no change, an empty delta.
/// Throws InputError as source_of does, and when rule and resolver do not go together.
[[nodiscard]] llm::ModelDelta fuse(std::span<const Contribution> contributions, const ConflictResolver& resolver,
                                   const FusionRule& rule, const FusionSeed& seed = {},
                                   const PublicLoss& public_loss = {});

/// The same of changes that come module by module, the result handed over in the same way: no more than one module
/// need be in memory.
void fuse(ModuleSource source, const ConflictResolver& resolver, const FusionRule& rule, const DeltaSink& sink);

/// Throws InputError when `rule` needs the low-rank form that `resolver` destroys: to be called before any work starts.
void check_compatible(const ConflictResolver& resolver, const FusionRule& rule, const Origin& origin = {});

}  // namespace edgefuse::server
