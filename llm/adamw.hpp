#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "llm/training.hpp"

namespace edgefuse::llm {

/// The L2 norm, summed in double precision. Not finite when a gradient is not.
[[nodiscard]] double norm(std::span<const float> gradients);
[[nodiscard]] double norm(std::span<const double> gradients);

/// What torch's clip_grad_norm_ multiplies gradients with: max_norm / (norm + 1e-6), at most 1.
[[nodiscard]] double clip_factor(double norm, std::optional<double> max_norm);

/// AdamW over one flat list of numbers, as torch.optim.AdamW: with step count t (from 1), gradient g and rate η,
///   p ← p·(1 - η·λ),  m ← β1·m + (1 - β1)·g,  v ← β2·v + (1 - β2)·g²,
///   p ← p - η / (1 - β1^t) · m / (√v / √(1 - β2^t) + ε).
template <class T>
class AdamW {
 public:
  AdamW(const TrainingOptions& options, std::size_t numbers);

  /// One step with gradients · `factor` at learning rate `rate`.
  void step(std::span<T> values, std::span<const T> gradients, double factor, double rate);

 private:
  double beta1_, beta2_, epsilon_, weight_decay_;
  std::int64_t steps_ = 0;
  std::vector<T> first_;   // m
  std::vector<T> second_;  // v
};

extern template class AdamW<float>;
extern template class AdamW<double>;

}  // namespace edgefuse::llm
