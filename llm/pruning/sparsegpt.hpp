#pragma once

#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

/// "sparsegpt" (Frantar and Alistarh, 2301.00774): zeros go where they cost least, and the weights to their right take
/// over what they did, so that each projection's output on the calibration texts changes as little as possible
/// (obs_sweep.hpp). So what stays is not the base's. Layers and ratios go one after the other, each ratio from the base
/// and the zeros of the next smaller one (weight_pruner.hpp).
[[nodiscard]] Method<Pruner> sparsegpt_pruner();

}  // namespace edgefuse::llm
