#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

// What PEFT's add_weighted_adapter does to the factors of adapters of one rank, for comparison: every rule with A and
// B apart, u_i = √|w_i·s_i| on B and sign(w_i)·u_i on A, both without LoRA's scale. Products have cross terms: biased.

/// "peft-linear": Σ u_i F_i.
[[nodiscard]] Method<FusionRule> peft_linear_rule();

/// "peft-ties": trim each F_i to `density`; elect signs by the sum of the trimmed, unweighted; Σ u_i F_i over those
/// that agree, divided by how many do.
[[nodiscard]] Method<FusionRule> peft_ties_rule();

/// "peft-magnitude-prune": Σ u_i F_i of the trimmed F_i.
[[nodiscard]] Method<FusionRule> peft_magnitude_prune_rule();

}  // namespace edgefuse::server
