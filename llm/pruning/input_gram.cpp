#include "llm/pruning/input_gram.hpp"

#include <ATen/ATen.h>

#include "llm/gemm.hpp"

namespace edgefuse::llm {

void InputGram::add(const at::Tensor& inputs) {
  const auto values = inputs.to(at::kDouble).contiguous();
  const auto tokens = values.size(0);
  const auto width = values.size(1);
  if (!sum_.defined()) sum_ = at::zeros({width, width}, at::kDouble);
  const MatrixView<double> x{values.data_ptr<double>(), tokens, width, width};
  multiply({sum_.data_ptr<double>(), width, width, width}, transposed(x), x, 1, 1);
  ++texts_;
}

}  // namespace edgefuse::llm
