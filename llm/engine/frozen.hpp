#pragma once

#include <ATen/core/Tensor.h>

#include "llm/gemm.hpp"
#include "llm/matrix.hpp"
#include "llm/training.hpp"

namespace edgefuse::llm::engine {

/// A weight of the base that never changes: it takes part in products as it is, or rounded to bf16 once. It may be a
/// prefix slice of a larger matrix.
template <class T>
class Frozen {
 public:
  Frozen(const at::Tensor& weight, Precision precision);

  /// y = x·W' + beta·y
  void forward(MatrixView<const T> x, MatrixView<T> y, T beta, Matrix<c10::BFloat16>& scratch) const;
  /// dx = dy·W + beta·dx
  void backward(MatrixView<const T> dy, MatrixView<T> dx, T beta, Matrix<c10::BFloat16>& scratch) const;

  [[nodiscard]] std::int64_t out() const { return exact_.rows; }
  [[nodiscard]] std::int64_t in() const { return exact_.cols; }
  [[nodiscard]] MatrixView<const T> exact() const { return exact_; }

 private:
  void product(MatrixView<T> c, MatrixView<const T> x, bool transpose, T beta, Matrix<c10::BFloat16>& scratch) const;

  at::Tensor weight_;   // keeps the memory behind `exact_`
  at::Tensor rounded_;  // bf16; undefined in fp32
  MatrixView<const T> exact_;
};

/// A matrix view of a two-dimensional tensor whose rows are contiguous.
template <class T>
[[nodiscard]] MatrixView<const T> view_of(const at::Tensor& tensor);

extern template class Frozen<float>;
extern template class Frozen<double>;

}  // namespace edgefuse::llm::engine
