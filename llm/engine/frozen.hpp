#pragma once

#include <ATen/core/Tensor.h>

#include "llm/gemm.hpp"
#include "llm/held_weight.hpp"
#include "llm/matrix.hpp"
#include "llm/model.hpp"

namespace edgefuse::llm::engine {

/// What products with the base need beside their operands: one thread's, used by all weights in turn.
struct ProductScratch {
  Matrix<c10::BFloat16> x;  // the rounded input
  Matrix<float> weight;     // a weight without its quantisation
  Matrix<c10::BFloat16> weight_bf16;
};

/// What products with the base read, in the form their precision wants: rounded once for all weights that read it.
template <class T>
struct ProductInput {
  MatrixView<const T> exact;
  MatrixView<const c10::BFloat16> rounded;  // in bf16; the exact numbers then are not read
};

/// Valid until the next call with the same scratch.
template <class T>
[[nodiscard]] ProductInput<T> product_input(MatrixView<const T> x, Precision precision, ProductScratch& scratch);

/// A weight of the base that never changes. It takes part in products as it is, or in the form that `llm::hold` made;
/// in bf16 without such a form it is rounded here. It may be the leading part of a larger matrix.
template <class T>
class Frozen {
 public:
  Frozen(const at::Tensor& weight, const HeldWeight& held, Precision precision);

  /// y = x·W' + beta·y
  void forward(const ProductInput<T>& x, MatrixView<T> y, T beta, ProductScratch& scratch) const;
  /// dx = dy·W + beta·dx
  void backward(const ProductInput<T>& dy, MatrixView<T> dx, T beta, ProductScratch& scratch) const;

  [[nodiscard]] std::int64_t out() const { return exact_.rows; }
  [[nodiscard]] std::int64_t in() const { return exact_.cols; }

 private:
  void product(MatrixView<T> c, const ProductInput<T>& x, bool transpose, T beta, ProductScratch& scratch) const;

  at::Tensor weight_;  // keeps the memory behind `exact_`
  HeldWeight held_;
  Precision precision_;
  MatrixView<const T> exact_;
};

/// A matrix view of a two-dimensional tensor whose rows are contiguous.
template <class T>
[[nodiscard]] MatrixView<const T> view_of(const at::Tensor& tensor);

extern template class Frozen<float>;
extern template class Frozen<double>;

}  // namespace edgefuse::llm::engine
