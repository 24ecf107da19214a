#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/rope.hpp"

namespace edgefuse::llm {

/// Sees what a projection is about to multiply: [rows, sequence, in].
using InputWatch = std::function<void(Projection, const at::Tensor& input)>;

/// One decoder block as plainly as ATen can say it. Refers to all it is made of.
class ReferenceBlock {
 public:
  /// `index` is the layer's in `adapter`, which may be null.
  ReferenceBlock(const ModelConfig& config, const Layer& layer, const RopeTables& rope,
                 const Adapter* adapter = nullptr, std::int32_t index = 0, const InputWatch* watch = nullptr)
      : config_{config}, layer_{layer}, rope_{rope}, adapter_{adapter}, index_{index}, watch_{watch} {}

  /// Hidden states before and after the block, [rows, sequence, hidden]. A layer without KV heads or without neurons
  /// passes its input on there.
  [[nodiscard]] at::Tensor forward(const at::Tensor& x) const;

 private:
  [[nodiscard]] at::Tensor project(const at::Tensor& x, Projection projection) const;
  [[nodiscard]] at::Tensor split_heads(const at::Tensor& x) const;
  [[nodiscard]] at::Tensor rotate(const at::Tensor& x) const;
  [[nodiscard]] at::Tensor attention(const at::Tensor& x) const;
  [[nodiscard]] at::Tensor mlp(const at::Tensor& x) const;

  const ModelConfig& config_;
  const Layer& layer_;
  const RopeTables& rope_;
  const Adapter* adapter_;
  std::int32_t index_;
  const InputWatch* watch_;
};

/// RMSNorm over the last dimension.
[[nodiscard]] at::Tensor reference_norm(const ModelConfig& config, const at::Tensor& x, const at::Tensor& weight);

}  // namespace edgefuse::llm
