#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "stack", or "flora": Σ p_i D_i, p_i = w_i / Σ w, as stacked factors of rank Σ r_i (FLoRA, 2409.05976): always exact,
/// always low rank, for mixed ranks and scales.
[[nodiscard]] Method<FusionRule> stack_rule();

}  // namespace edgefuse::server
