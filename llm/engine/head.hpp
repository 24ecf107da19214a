#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "llm/engine/adapted_site.hpp"
#include "llm/engine/frozen.hpp"
#include "llm/model.hpp"

namespace edgefuse::llm::engine {

/// Numbers in the logits that exist at once: 64 MB in float32.
inline constexpr std::int64_t logits_budget = std::int64_t{1} << 24;
/// Labels whose logits exist at once.
[[nodiscard]] constexpr std::int64_t rows_at_once(std::int64_t vocabulary) {
  return vocabulary < logits_budget ? logits_budget / vocabulary : 1;
}

/// The final norm and the product with the vocabulary, a few rows at a time so that memory stays bounded.
template <class T>
class Head {
 public:
  Head(const Model& model, Precision precision);
  /// A head that knows only `candidates` of the vocabulary, as tokens 0, 1, ...
  Head(const Model& model, Precision precision, std::span<const std::int64_t> candidates);

  /// Logits [x.rows, vocabulary] of the last block's output x.
  void logits(MatrixView<const T> x, MatrixView<T> out, Scratch<T>& scratch);

  /// nll of each row's target.
  void losses(MatrixView<const T> x, std::span<const std::int64_t> targets, std::span<double> nll, Scratch<T>& scratch);

  /// The same, and the gradient of Σ weights[i]·nll[i] with respect to x, written to `dx`.
  void losses_backward(MatrixView<const T> x, std::span<const std::int64_t> targets, std::span<const double> weights,
                       std::span<double> nll, MatrixView<T> dx, Scratch<T>& scratch);

  [[nodiscard]] std::int64_t vocabulary() const { return weight_.out(); }

 private:
  MatrixView<T> normalise(MatrixView<const T> x);
  /// Calls f(begin, rows of normalised x, their logits) for one chunk after the other; f may write over both.
  template <class F>
  void for_each_chunk(MatrixView<const T> x, Scratch<T>& scratch, const F& f);

  double eps_;
  Precision precision_;
  at::Tensor norm_;
  Frozen<T> weight_;
  std::vector<T> inverse_rms_;
  Matrix<T> normalised_;
  Matrix<T> logits_;
};

extern template class Head<float>;
extern template class Head<double>;

}  // namespace edgefuse::llm::engine
