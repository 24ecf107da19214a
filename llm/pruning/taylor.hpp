#pragma once

#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

/// "taylor": LLM-Pruner's element-wise scores (Ma et al., 2305.11627): how much the calibration loss is predicted to
/// change when a weight w goes, summed over all that goes with a group or neuron. g is the gradient of the mean loss,
/// h the mean of the texts' squared gradients:
///
///     first   Σ |w g|          second   Σ |w h w|          mixed   Σ |w g - ½ w h w|
///
/// The sums are changes of one loss, so a global budget compares them as they are.
[[nodiscard]] Method<Pruner> taylor_pruner();

}  // namespace edgefuse::llm
