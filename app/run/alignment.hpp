#pragma once

#include <span>
#include <vector>

#include "llm/model.hpp"
#include "llm/pruning/calibration.hpp"
#include "llm/variant.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// LoRAM's alignment (2502.13533): every variant that lacks something goes on with its pre-training on public text for
/// `pruning.alignment.steps`, all weights but the head's, a tenth of the steps as warm-up. The texts are gone through
/// in order, again as often as needed. What a mask removed stays zero.
void align(std::vector<llm::Model>& variants, std::span<const llm::VariantShape> shapes,
           const scenarios::Scenario& scenario, const llm::Calibration& texts);

}  // namespace edgefuse::app
