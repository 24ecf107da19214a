#pragma once

#include <map>
#include <span>

#include <ATen/core/Tensor.h>

#include "llm/model.hpp"
#include "llm/module_id.hpp"
#include "llm/pruning/calibration.hpp"

namespace edgefuse::llm {

/// A matrix for each module, float32.
using ModuleMatrices = std::map<ModuleId, at::Tensor>;

/// Mean over all tokens of x·x' [in, in], x what a module of `targets` multiplies when `model` reads the texts: what
/// RegMean needs (2212.09849). Accumulated in float64; modules with nothing in them are left out.
[[nodiscard]] ModuleMatrices input_grams(const Model& model, const Calibration& texts,
                                         std::span<const Projection> targets);

/// Mean over the texts of the squared gradient of a text's loss, the mean over its predictions, with respect to the
/// module's weight [out, in]: the diagonal of the empirical Fisher information (2111.09832).
[[nodiscard]] ModuleMatrices loss_fishers(const Model& model, const Calibration& texts,
                                          std::span<const Projection> targets);

}  // namespace edgefuse::llm
