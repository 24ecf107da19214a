#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "llm/config.hpp"
#include "llm/module_id.hpp"
#include "llm/pruning/importance.hpp"

namespace edgefuse::llm {

/// A score of every single weight of a projection, [out, in].
using WeightScores = std::function<at::Tensor(Projection)>;

/// Sums over all that goes with each KV-head group (its rows of k and v, its query heads' rows of q and columns of o)
/// and with each neuron (its rows of gate and up, its column of down), in float64 and in a fixed order.
[[nodiscard]] Importance::Layer coupled_sums(const ModelConfig& config, const WeightScores& scores);

/// Σ_i m_ij for every column j of a matrix [out, in], in float64 and in a fixed order.
[[nodiscard]] std::vector<double> column_sums(const at::Tensor& matrix);

/// Sums of every `width` neighbours.
[[nodiscard]] std::vector<double> block_sums(const std::vector<double>& values, std::int64_t width);

}  // namespace edgefuse::llm
