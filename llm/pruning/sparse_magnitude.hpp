#pragma once

#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

/// "sparse-magnitude": the weights of least magnitude |W_ij| go, compared within each projection's whole matrix, or
/// within M neighbours of a row: the baseline of Wanda's and SparseGPT's comparisons (2306.11695). Needs no text.
[[nodiscard]] Method<Pruner> sparse_magnitude_pruner();

}  // namespace edgefuse::llm
