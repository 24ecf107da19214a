#pragma once

#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

/// Depth pruning by Block Influence (ShortGPT, 2403.03853): with x_t and y_t the hidden state of token t before and
/// after a layer,
///
///     BI = 1 - mean_t x_t·y_t / (‖x_t‖ ‖y_t‖)
///
/// over all calibration tokens, in float64: a layer that hardly turns what passes it matters least. Scores whole layers
/// only.
[[nodiscard]] Method<Pruner> block_influence_pruner();

}  // namespace edgefuse::llm
