#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "cabs" (conflict-aware and balanced sparsification, 2503.01874): λ times the sum of the changes after
/// disjoint_masks, n of every m entries for each contribution in turn, by rising client id. It is "task-arithmetic"
/// after the resolver "cr-disjoint". Weights do not count. Dense.
///
/// No two changes meet in an entry, so nothing cancels; but who comes late finds less, and after m / n contributions
/// nothing may be left: this is for few adapters. The published code for n >= m / 2, which lets the second of two keep
/// entries of the first, is not here.
[[nodiscard]] Method<FusionRule> cabs_rule();

}  // namespace edgefuse::server
