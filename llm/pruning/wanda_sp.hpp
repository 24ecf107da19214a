#pragma once

#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

/// "wanda-sp": Wanda's score (2306.11695) made structured, as in FLAP's comparison (2312.11983). Of column j of o and
/// down it is ‖x_j‖ · mean_i |W_ij|, x_j being what the column multiplies over all calibration tokens; a KV-head group
/// gets the sum over its query heads' columns of o, a neuron that of its column of down.
[[nodiscard]] Method<Pruner> wanda_sp_pruner();

}  // namespace edgefuse::llm
