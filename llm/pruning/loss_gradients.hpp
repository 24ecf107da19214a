#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstddef>
#include <functional>

#include "llm/model.hpp"
#include "llm/pruning/calibration.hpp"

namespace edgefuse::llm {

/// How the mean loss over calibration texts changes with one projection's weight, both [out, in].
struct LossGradient {
  at::Tensor mean;     // of the texts' gradients: the gradient of the mean loss
  at::Tensor squares;  // mean of their squares, an estimate of the Hessian's diagonal (empirical Fisher information)
};
/// By projection, in enum order.
using LayerLossGradients = std::array<LossGradient, all_projections.size()>;

/// Calls `see` for every layer from the last to the first. Back-propagation goes layer by layer and computes each
/// layer's forward again: weight gradients of one layer are in memory at a time, and the hidden states between all
/// layers, texts · layers · tokens · hidden numbers. A text's loss is the mean over its predictions.
void for_each_layer_gradient(const Model& model, const Calibration& calibration,
                             const std::function<void(std::size_t layer, const LayerLossGradients&)>& see);

}  // namespace edgefuse::llm
