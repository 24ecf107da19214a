#pragma once

#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

/// "flap" (An et al., 2312.11983). A column of o or down matters as far as what it multiplies *fluctuates*: a channel
/// that hardly varies can be replaced by its mean. Scores over the calibration tokens:
///
///     WIFV  Var(x_j) · Σ_i W_ij²  (the paper's choice)     IFV  Var(x_j)     WIFN  ‖x_j‖ · mean_i |W_ij|
///
/// of o they are squared; then every layer's are standardised channel by channel, and a group has the mean over its
/// query heads' channels. So they can be compared across layers: the budget is global unless the scenario says
/// otherwise. With `bias`, o and down of each variant get b = Σ_pruned j W_·j mean(x_j), the mean of what they lost,
/// measured once on the base as it was pruned.
[[nodiscard]] Method<Pruner> flap_pruner();

}  // namespace edgefuse::llm
