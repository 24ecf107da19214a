#include "llm/sgd.hpp"

#include "sim/expects.hpp"

namespace edgefuse::llm {

template <class T>
Sgd<T>::Sgd(const TrainingOptions& options, std::size_t numbers)
    : momentum_{static_cast<T>(options.momentum)},
      weight_decay_{static_cast<T>(options.weight_decay)},
      velocity_(options.momentum > 0 ? numbers : 0) {}

template <class T>
void Sgd<T>::step(std::span<T> values, std::span<const T> gradients, double factor, double rate) {
  EDGEFUSE_EXPECTS(values.size() == gradients.size(), "a gradient for each number");
  const T scale = static_cast<T>(factor);
  const T step_size = static_cast<T>(rate);
  for (std::size_t i = 0; i < values.size(); ++i) {
    T direction = scale * gradients[i] + weight_decay_ * values[i];
    if (!velocity_.empty()) direction = velocity_[i] = momentum_ * velocity_[i] + direction;
    values[i] -= step_size * direction;
  }
}

template class Sgd<float>;
template class Sgd<double>;

}  // namespace edgefuse::llm
