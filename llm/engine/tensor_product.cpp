#include "llm/engine/tensor_product.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "sim/expects.hpp"

namespace edgefuse::llm::engine {

at::Tensor operand(const at::Tensor& x, Precision precision) {
  return precision == Precision::bf16 ? x.to(at::kBFloat16) : x;
}

namespace {

/// A product whose backward makes the weight dense again instead of keeping it.
struct QuantisedProduct : torch::autograd::Function<QuantisedProduct> {
  using Context = torch::autograd::AutogradContext;

  static at::Tensor forward(Context* context, const at::Tensor& x, const at::Tensor& numbers, const at::Tensor& scales,
                            std::int64_t quantisation, std::int64_t cols, bool rounds) {
    context->save_for_backward({numbers, scales});
    context->saved_data["quantisation"] = quantisation;
    context->saved_data["cols"] = cols;
    context->saved_data["rounds"] = rounds;
    return multiplied(x, dense(numbers, scales, quantisation, cols).t(), rounds);
  }

  static torch::autograd::variable_list backward(Context* context, const torch::autograd::variable_list& dy) {
    const auto saved = context->get_saved_variables();
    const at::Tensor weight =
        dense(saved[0], saved[1], context->saved_data["quantisation"].toInt(), context->saved_data["cols"].toInt());
    return {multiplied(dy[0], weight, context->saved_data["rounds"].toBool()), {}, {}, {}, {}, {}};
  }

 private:
  static at::Tensor dense(const at::Tensor& numbers, const at::Tensor& scales, std::int64_t quantisation,
                          std::int64_t cols) {
    return dequantised({static_cast<Quantisation>(quantisation), numbers, scales, cols});
  }
  static at::Tensor multiplied(const at::Tensor& x, const at::Tensor& weight, bool rounds) {
    const Precision precision = rounds ? Precision::bf16 : Precision::fp32;
    return at::matmul(operand(x, precision), operand(weight, precision)).to(x.scalar_type());
  }
};

}  // namespace

at::Tensor frozen_product(const at::Tensor& x, const at::Tensor& weight, const HeldWeight& held, Precision precision) {
  if (held.quantisation != Quantisation::none)
    return QuantisedProduct::apply(x, held.numbers, held.scales, static_cast<std::int64_t>(held.quantisation),
                                   held.cols, precision == Precision::bf16);
  const bool rounded = precision == Precision::bf16 && held.defined();
  const at::Tensor dense = rounded ? held.numbers : operand(weight, precision);
  EDGEFUSE_EXPECTS(dense.device() == x.device(), "the weight lies where it is multiplied");
  return at::matmul(operand(x, precision), dense.t()).to(x.scalar_type());
}

}  // namespace edgefuse::llm::engine
