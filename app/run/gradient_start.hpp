#pragma once

#include "llm/adapter.hpp"
#include "llm/delta.hpp"
#include "llm/model.hpp"
#include "llm/pruning/calibration.hpp"

namespace edgefuse::app {

/// Where LoRA-SB begins (2411.19557): of every adapted matrix the `spec.rank` largest singular triplets of one step of
/// the base, -rate · sign(∂loss/∂W), the loss a mean over the texts. B = U·S [out, k], A = V' [k, in] with orthonormal
/// rows, k the least of rank, out and in.
[[nodiscard]] llm::ModelDelta gradient_start(const llm::Model& base, const llm::LoraSpec& spec,
                                             const llm::Calibration& texts, double rate);

}  // namespace edgefuse::app
