#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "norm-clip" (Sun et al., 1911.07963): Σ p_i·min(1, c / ‖D_i‖_F) D_i with p_i = w_i / Σ w, the norm over all modules
/// together, and c given or, where `norm` is 0, the median of the norms. Weights count. Norms come from the factors;
/// low rank as long as that is smaller. Goes through the modules twice.
[[nodiscard]] Method<FusionRule> norm_clip_rule();

}  // namespace edgefuse::server
