#pragma once

#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

/// "sparse-random": single weights go by lot, compared within each projection's whole matrix, or within M neighbours of
/// a row: the control of "sparse-magnitude". Needs no text.
[[nodiscard]] Method<Pruner> sparse_random_pruner();

}  // namespace edgefuse::llm
