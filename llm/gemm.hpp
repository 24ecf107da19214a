#pragma once

#include <c10/util/BFloat16.h>

#include "llm/matrix.hpp"

namespace edgefuse::llm {

/// A factor of a product: a matrix as it is stored, or its transpose.
template <class T>
struct Operand {
  MatrixView<const T> stored;
  bool transposed = false;

  Operand(MatrixView<const T> view, bool is_transposed = false)  // NOLINT(google-explicit-constructor): a view is one
      : stored(view), transposed{is_transposed} {}
  Operand(MatrixView<T> view) : stored(view) {}  // NOLINT(google-explicit-constructor): the same, writable

  [[nodiscard]] std::int64_t rows() const { return transposed ? stored.cols : stored.rows; }
  [[nodiscard]] std::int64_t cols() const { return transposed ? stored.rows : stored.cols; }
};

template <class T>
[[nodiscard]] Operand<std::remove_const_t<T>> transposed(MatrixView<T> view) {
  return {static_cast<MatrixView<const T>>(view), true};
}

/// c = alpha·a·b + beta·c; what c held is not read when beta is 0. Products run on the calling thread.
///
/// The routine is the fastest the process has: oneDNN's (LibTorch brings it; it generates code for the CPU at hand),
/// else the BLAS LibTorch is linked with, else ATen. The same machine always takes the same one. The third form rounds
/// nothing but its operands: bf16 in, fp32 sums and result.
void multiply(MatrixView<float> c, Operand<float> a, Operand<float> b, float alpha = 1, float beta = 0);
void multiply(MatrixView<double> c, Operand<double> a, Operand<double> b, double alpha = 1, double beta = 0);
void multiply(MatrixView<float> c, Operand<c10::BFloat16> a, Operand<c10::BFloat16> b, float alpha = 1, float beta = 0);

}  // namespace edgefuse::llm
