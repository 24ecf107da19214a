#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "llm/model.hpp"
#include "llm/pruning/calibration.hpp"

namespace edgefuse::llm {

/// Sums over all tokens of what a projection multiplies, channel by channel, in float64.
class InputMoments {
 public:
  /// `inputs` [tokens, in].
  void add(const at::Tensor& inputs);

  [[nodiscard]] std::int64_t tokens() const { return tokens_; }
  /// Σ_t x_tj².
  [[nodiscard]] const std::vector<double>& squares() const { return squares_; }
  [[nodiscard]] std::vector<double> mean() const;
  /// Σ_t (x_tj - mean_j)² / (tokens - 1); at least two tokens.
  [[nodiscard]] std::vector<double> variance() const;

 private:
  std::int64_t tokens_ = 0;
  std::vector<double> sums_;
  std::vector<double> squares_;
};

/// ‖x_j‖ · mean_i |W_ij| of every column j of a weight [out, in]: Wanda's score (2306.11695), a column at a time.
[[nodiscard]] std::vector<double> weighted_norms(const at::Tensor& weight, const InputMoments& inputs);

/// Of what o and down multiply in one layer: the channels that structured pruning removes.
struct LayerMoments {
  InputMoments o;
  InputMoments down;
};

/// Of every layer of the model as it is, one layer's activations at a time.
[[nodiscard]] std::vector<LayerMoments> input_moments(const Model& model, const Calibration& calibration);

}  // namespace edgefuse::llm
