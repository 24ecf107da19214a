#pragma once

#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

/// "wanda" (Sun et al., 2306.11695): a weight matters as |W_ij| · ‖x_j‖, x_j being what it multiplies over all
/// calibration tokens. Weights are compared within each output row, or within M neighbours of it; what stays is not
/// changed. Layers and ratios go one after the other, each ratio from the zeros of the next smaller one
/// (weight_pruner.hpp).
[[nodiscard]] Method<Pruner> wanda_pruner();

}  // namespace edgefuse::llm
