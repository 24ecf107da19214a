#include "llm/pruning/input_moments.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "llm/pruning/coupled.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {

void InputMoments::add(const at::Tensor& inputs) {
  const auto values = inputs.to(at::kDouble).contiguous();
  const auto channels = static_cast<std::size_t>(values.size(1));
  sums_.resize(channels, 0.0);
  squares_.resize(channels, 0.0);
  const auto* x = values.data_ptr<double>();
  for (std::int64_t t = 0; t < values.size(0); ++t)
    for (std::size_t j = 0; j < channels; ++j, ++x) {
      sums_[j] += *x;
      squares_[j] += *x * *x;
    }
  tokens_ += values.size(0);
}

std::vector<double> InputMoments::mean() const {
  EDGEFUSE_EXPECTS(tokens_ > 0, "a mean is of something");
  std::vector<double> mean = sums_;
  for (auto& x : mean)
    x /= static_cast<double>(tokens_);
  return mean;
}

std::vector<double> InputMoments::variance() const {
  EDGEFUSE_EXPECTS(tokens_ > 1, "a variance is of two tokens at least");
  const auto n = static_cast<double>(tokens_);
  std::vector<double> variance(squares_.size());
  for (std::size_t j = 0; j < variance.size(); ++j)
    variance[j] = std::max(0.0, (squares_[j] - sums_[j] * sums_[j] / n) / (n - 1));
  return variance;
}

std::vector<double> weighted_norms(const at::Tensor& weight, const InputMoments& inputs) {
  auto scores = column_sums(weight.abs());
  for (std::size_t j = 0; j < scores.size(); ++j)
    scores[j] *= std::sqrt(inputs.squares()[j]) / static_cast<double>(weight.size(0));
  return scores;
}

std::vector<LayerMoments> input_moments(const Model& model, const Calibration& calibration) {
  std::vector<LayerMoments> moments(model.layers.size());
  ActivationStream stream{model, calibration};
  for (std::size_t l = 0; l < model.layers.size(); ++l)
    stream.advance(model.layers[l], [&](const LayerInputs& inputs) {
      moments[l].o.add(inputs.o);
      moments[l].down.add(inputs.down);
    });
  return moments;
}

}  // namespace edgefuse::llm
