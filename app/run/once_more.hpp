#pragma once

#include <cstdint>

#include <c10/core/Device.h>

#include "llm/delta.hpp"
#include "llm/model.hpp"
#include "llm/pruning/calibration.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// `change`, and what `recovery.retraining` makes of the base with it; `change` itself where the scenario wants none.
[[nodiscard]] llm::ModelDelta trained_once_more(const scenarios::Scenario& scenario, const llm::Model& base,
                                                llm::ModelDelta change, const llm::Calibration& public_texts,
                                                at::Device device, std::uint32_t round);

}  // namespace edgefuse::app
