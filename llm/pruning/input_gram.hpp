#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace edgefuse::llm {

/// Σ_t x_t' x_t of what a projection multiplies, over all tokens of all texts, [in, in] float64.
class InputGram {
 public:
  /// One text's `inputs` [tokens, in].
  void add(const at::Tensor& inputs);

  [[nodiscard]] std::int64_t texts() const { return texts_; }
  [[nodiscard]] const at::Tensor& sum() const { return sum_; }

 private:
  std::int64_t texts_ = 0;
  at::Tensor sum_;
};

}  // namespace edgefuse::llm
