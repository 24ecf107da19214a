#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "llm/training.hpp"

namespace edgefuse::llm {

/// Stochastic gradient descent with momentum over one flat list of numbers, as torch.optim.SGD (no dampening, no
/// Nesterov): with gradient g and rate η,
///   g ← g + λ·p,  m ← μ·m + g (m = g at the first step),  p ← p - η·m.
template <class T>
class Sgd {
 public:
  Sgd(const TrainingOptions& options, std::size_t numbers);

  /// One step with gradients · `factor` at learning rate `rate`.
  void step(std::span<T> values, std::span<const T> gradients, double factor, double rate);

 private:
  T momentum_, weight_decay_;
  std::vector<T> velocity_;  // empty without momentum
};

extern template class Sgd<float>;
extern template class Sgd<double>;

}  // namespace edgefuse::llm
