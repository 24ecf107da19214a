#include "llm/engine/frozen.hpp"

#include <type_traits>

#include <ATen/ATen.h>

#include "llm/engine/kernels.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm::engine {
namespace {

template <class W>
MatrixView<const W> dequantised(const HeldWeight& held, Matrix<W>& place) {
  const auto dense = place.reshape(held.rows(), held.cols);
  dequantise(held, dense);
  return dense;
}

}  // namespace

template <class T>
ProductInput<T> product_input(MatrixView<const T> x, Precision precision, ProductScratch& scratch) {
  if constexpr (std::is_same_v<T, float>) {
    if (precision == Precision::bf16) {
      const auto rounded = scratch.x.reshape(x.rows, x.cols);
      round_to_bf16(x, rounded);
      return {x, rounded};
    }
  }
  return {x, {}};
}

template <class T>
MatrixView<const T> view_of(const at::Tensor& tensor) {
  EDGEFUSE_EXPECTS(tensor.dim() == 2 && tensor.stride(1) == 1, "a matrix with contiguous rows");
  return {tensor.data_ptr<T>(), tensor.size(0), tensor.size(1), tensor.stride(0)};
}

template <class T>
Frozen<T>::Frozen(const at::Tensor& weight, const HeldWeight& held, Precision precision)
    : weight_{weight.stride(1) == 1 ? weight : weight.contiguous()},
      held_{held},
      precision_{precision},
      exact_{view_of<T>(weight_)} {
  EDGEFUSE_EXPECTS((std::is_same_v<T, float>) || (precision == Precision::fp32 && !held.defined()),
                   "only float32 models are rounded or quantised");
  if (precision == Precision::bf16 && !held_.defined()) held_ = rounded(weight_);
}

template <class T>
void Frozen<T>::product(MatrixView<T> c, const ProductInput<T>& x, bool transpose, T beta,
                        ProductScratch& scratch) const {
  if constexpr (std::is_same_v<T, float>) {
    const bool quantised = held_.quantisation != Quantisation::none;
    if (precision_ == Precision::bf16) {
      const auto weight = quantised ? dequantised(held_, scratch.weight_bf16) : view_of<c10::BFloat16>(held_.numbers);
      return multiply(c, x.rounded, Operand<c10::BFloat16>{weight, transpose}, 1, beta);
    }
    if (quantised) return multiply(c, x.exact, Operand<float>{dequantised(held_, scratch.weight), transpose}, 1, beta);
  }
  multiply(c, x.exact, Operand<T>{exact_, transpose}, 1, beta);
}

template <class T>
void Frozen<T>::forward(const ProductInput<T>& x, MatrixView<T> y, T beta, ProductScratch& scratch) const {
  product(y, x, true, beta, scratch);
}

template <class T>
void Frozen<T>::backward(const ProductInput<T>& dy, MatrixView<T> dx, T beta, ProductScratch& scratch) const {
  product(dx, dy, false, beta, scratch);
}

template ProductInput<float> product_input(MatrixView<const float>, Precision, ProductScratch&);
template ProductInput<double> product_input(MatrixView<const double>, Precision, ProductScratch&);
template MatrixView<const float> view_of(const at::Tensor&);
template MatrixView<const double> view_of(const at::Tensor&);
template class Frozen<float>;
template class Frozen<double>;

}  // namespace edgefuse::llm::engine
