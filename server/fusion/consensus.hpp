#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "consensus" (Consensus TA, 2405.07813): an entry is active in a change where it survives in the sum of all,
///
///     TALL_i = 1[ |D_i| > mask_lambda · |Σ_j D_j - D_i| ]
///
/// and λ Σ D_i is kept where at least k changes are active: k = 2 drops what one client alone wants and what drowns in
/// the sum, k = 0 is task arithmetic. One mask_lambda for all, where the paper tunes one for each task on validation
/// data. A change that is zero is never active, so with k = 2 nothing is left of a single contribution. Weights do not
/// count. Dense, in float64, rounded once.
[[nodiscard]] Method<FusionRule> consensus_rule();

}  // namespace edgefuse::server
