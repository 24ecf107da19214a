#pragma once

#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

/// "random": uniform scores, the control that every other pruner is to beat (LoRAM's "Rand", 2502.13533).
[[nodiscard]] Method<Pruner> random_pruner();

/// "seed", by which methods that draw lots differ.
[[nodiscard]] ParameterSpec lot_parameter();

}  // namespace edgefuse::llm
