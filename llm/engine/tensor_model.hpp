#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "llm/engine/dropout.hpp"
#include "llm/engine/tensor_factors.hpp"
#include "llm/engine/tensor_pass.hpp"
#include "llm/model.hpp"

namespace edgefuse::llm::engine {

/// A gang's adapters as a forward pass applies them.
struct TensorAdapters {
  const TensorFactors& factors;
  const Dropout& dropout;
};

/// The forward pass of a frozen model in ATen's operations, on the device that holds the model: what Engine and Head do
/// on a CPU. Autograd takes it back to the factors. Products with the base are over all tokens of a gang at once;
/// attention and adapters see them as rectangles, one batched product for all texts or members.
class TensorModel {
 public:
  /// `longest`: no text will have more tokens. `model` must outlive this.
  TensorModel(const Model& model, Precision precision, std::int64_t longest);

  /// The last block's output at the queries, after the final norm: [queries, hidden].
  [[nodiscard]] at::Tensor forward(const TensorPass& pass, const TensorAdapters* adapters) const;
  /// [rows, vocabulary]
  [[nodiscard]] at::Tensor logits(const at::Tensor& x) const;

  [[nodiscard]] at::Device device() const { return model_.embedding.device(); }

 private:
  class Block;
  [[nodiscard]] at::Tensor norm(const at::Tensor& x, const at::Tensor& weight) const;

  const Model& model_;
  Precision precision_;
  at::Tensor cos_, sin_;  // [longest, head_dim / 2]
};

}  // namespace edgefuse::llm::engine
