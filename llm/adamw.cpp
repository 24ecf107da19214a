#include "llm/adamw.hpp"

#include <algorithm>
#include <cmath>

#include "llm/engine/vectorised.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

/// One step's constants, computed in double and rounded to the type of the numbers: 1 - beta from a rounded beta would
/// be wrong in its fifth digit.
template <class T>
struct Coefficients {
  T decay, factor, beta1, rest1, beta2, rest2, step_size, inverse_correction, epsilon;
};

template <class T>
EDGEFUSE_INLINE void update(std::int64_t count, T* p, const T* g, T* m, T* v, const Coefficients<T>& c) {
  for (std::int64_t i = 0; i < count; ++i) {
    const T gradient = g[i] * c.factor;
    const T first = c.beta1 * m[i] + c.rest1 * gradient;
    const T second = c.beta2 * v[i] + c.rest2 * gradient * gradient;
    m[i] = first;
    v[i] = second;
    p[i] = p[i] * c.decay - c.step_size * first / (std::sqrt(second) * c.inverse_correction + c.epsilon);
  }
}

EDGEFUSE_VECTORISED void update_all(std::int64_t count, float* p, const float* g, float* m, float* v,
                                    const Coefficients<float>& c) {
  update(count, p, g, m, v, c);
}
void update_all(std::int64_t count, double* p, const double* g, double* m, double* v, const Coefficients<double>& c) {
  update(count, p, g, m, v, c);
}

EDGEFUSE_VECTORISED double sum_of_squares(std::int64_t count, const float* g) {
  return engine::lane_sum<double>(count, [=](std::int64_t i) { return static_cast<double>(g[i]) * g[i]; });
}
EDGEFUSE_VECTORISED double sum_of_squares(std::int64_t count, const double* g) {
  return engine::lane_sum<double>(count, [=](std::int64_t i) { return g[i] * g[i]; });
}

}  // namespace

double norm(std::span<const float> gradients) {
  return std::sqrt(sum_of_squares(static_cast<std::int64_t>(gradients.size()), gradients.data()));
}

double norm(std::span<const double> gradients) {
  return std::sqrt(sum_of_squares(static_cast<std::int64_t>(gradients.size()), gradients.data()));
}

double clip_factor(double norm, std::optional<double> max_norm) {
  return max_norm ? std::min(1.0, *max_norm / (norm + 1e-6)) : 1.0;
}

template <class T>
AdamW<T>::AdamW(const TrainingOptions& options, std::size_t numbers)
    : beta1_{options.beta1},
      beta2_{options.beta2},
      epsilon_{options.epsilon},
      weight_decay_{options.weight_decay},
      first_(numbers),
      second_(numbers) {}

template <class T>
void AdamW<T>::step(std::span<T> values, std::span<const T> gradients, double factor, double rate) {
  EDGEFUSE_EXPECTS(values.size() == first_.size() && gradients.size() == first_.size(), "the numbers it was made for");
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double correction1 = 1 - std::pow(beta1_, t);
  const double correction2 = 1 - std::pow(beta2_, t);
  const Coefficients<T> c{static_cast<T>(1 - rate * weight_decay_),
                          static_cast<T>(factor),
                          static_cast<T>(beta1_),
                          static_cast<T>(1 - beta1_),
                          static_cast<T>(beta2_),
                          static_cast<T>(1 - beta2_),
                          static_cast<T>(rate / correction1),
                          static_cast<T>(1 / std::sqrt(correction2)),
                          static_cast<T>(epsilon_)};
  update_all(static_cast<std::int64_t>(values.size()), values.data(), gradients.data(), first_.data(), second_.data(),
             c);
}

template class AdamW<float>;
template class AdamW<double>;

}  // namespace edgefuse::llm
