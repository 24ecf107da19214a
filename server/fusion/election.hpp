#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "server/fusion/fusion_rule.hpp"
#include "server/fusion/scope.hpp"

namespace edgefuse::server {

/// Makes of one module's parts the changes that go into the election: dense, contiguous float32 that is nobody else's.
/// Called for every module in order.
using Prepare = std::function<std::vector<at::Tensor>(llm::ModuleId, const ModuleParts&)>;

/// TIES' last two steps (2306.01708) on prepared changes, disjoint_mean. An exact tie takes the sign that most entries
/// have, of the module or, scope model, of all modules. `begin` starts one run through all modules; scope model takes
/// two instead of holding the prepared changes. Weights do not count.
void fuse_by_election(const ModuleSource& modules, Scope scope, double lambda, const std::function<Prepare()>& begin,
                      const DeltaSink& sink);

/// mergekit's form: signs are elected by Σ w_i D_i, an exact tie is positive, and those that agree enter with their
/// weights. Weights are used as given: only their proportions count.
void fuse_by_weighted_election(const ModuleSource& modules, double lambda, const Prepare& prepare,
                               const DeltaSink& sink);

}  // namespace edgefuse::server
