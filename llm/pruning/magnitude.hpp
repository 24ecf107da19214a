#pragma once

#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

/// Structured magnitude pruning over coupled parameters, the `l2` group score of LLM-Pruner (2305.11627). The score of
/// a KV-head group is the L2 norm of everything that goes with it: its rows of k and v, its query heads' rows of q and
/// columns of o. A neuron's: its rows of gate and up and its column of down. Biases do not count.
[[nodiscard]] Method<Pruner> magnitude_pruner();

}  // namespace edgefuse::llm
