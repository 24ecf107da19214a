#include "llm/engine/frozen.hpp"

#include <type_traits>

#include <ATen/ATen.h>

#include "sim/expects.hpp"

namespace edgefuse::llm::engine {
namespace {

MatrixView<const c10::BFloat16> round_to(MatrixView<const float> x, Matrix<c10::BFloat16>& scratch) {
  const auto rounded = scratch.reshape(x.rows, x.cols);
  at::from_blob(rounded.data, {x.rows, x.cols}, at::TensorOptions().dtype(at::kBFloat16))
      .copy_(at::from_blob(const_cast<float*>(x.data), {x.rows, x.cols}, {x.stride, 1},
                           at::TensorOptions().dtype(at::kFloat)));
  return rounded;
}

}  // namespace

template <class T>
MatrixView<const T> view_of(const at::Tensor& tensor) {
  EDGEFUSE_EXPECTS(tensor.dim() == 2 && tensor.stride(1) == 1, "a matrix with contiguous rows");
  return {tensor.data_ptr<T>(), tensor.size(0), tensor.size(1), tensor.stride(0)};
}

template <class T>
Frozen<T>::Frozen(const at::Tensor& weight, Precision precision)
    : weight_{weight.stride(1) == 1 ? weight : weight.contiguous()}, exact_{view_of<T>(weight_)} {
  EDGEFUSE_EXPECTS(precision == Precision::fp32 || (std::is_same_v<T, float>), "bf16 rounds float32 models only");
  if (precision == Precision::bf16) rounded_ = weight_.to(at::kBFloat16).contiguous();
}

template <class T>
void Frozen<T>::product(MatrixView<T> c, MatrixView<const T> x, bool transpose, T beta,
                        Matrix<c10::BFloat16>& scratch) const {
  if constexpr (std::is_same_v<T, float>) {
    if (rounded_.defined()) {
      const auto weight = view_of<c10::BFloat16>(rounded_);
      return multiply(c, round_to(x, scratch), Operand<c10::BFloat16>{weight, transpose}, 1, beta);
    }
  }
  multiply(c, x, Operand<T>{exact_, transpose}, 1, beta);
}

template <class T>
void Frozen<T>::forward(MatrixView<const T> x, MatrixView<T> y, T beta, Matrix<c10::BFloat16>& scratch) const {
  product(y, x, true, beta, scratch);
}

template <class T>
void Frozen<T>::backward(MatrixView<const T> dy, MatrixView<T> dx, T beta, Matrix<c10::BFloat16>& scratch) const {
  product(dx, dy, false, beta, scratch);
}

template MatrixView<const float> view_of(const at::Tensor&);
template MatrixView<const double> view_of(const at::Tensor&);
template class Frozen<float>;
template class Frozen<double>;

}  // namespace edgefuse::llm::engine
