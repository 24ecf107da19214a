#pragma once

#include <ATen/core/Tensor.h>

#include "llm/engine/pass.hpp"
#include "llm/engine/rectangle.hpp"

namespace edgefuse::llm::engine {

/// Packed positions on a device.
struct TensorPacked {
  TensorPacked(const Packed& packed, at::Device device);

  const Packed& host;
  at::Tensor positions;     // [size], each one's place in its own text
  at::Tensor member_index;  // [members here], which of the gang's they are
  Rectangle rows;           // a row for each text
  Rectangle members;        // a row for each member here
};

/// A pass whose rows share nothing, on a device. Refers to the pass it was made of.
struct TensorPass {
  TensorPass(const Pass& pass, at::Device device);

  TensorPacked tokens;
  TensorPacked queries;
  at::Tensor ids;           // [tokens]
  at::Tensor query_tokens;  // [queries], each one's token
  bool every_token_asks;
};

/// int64 numbers on a device.
[[nodiscard]] at::Tensor indices_on(std::span<const std::int64_t> numbers, at::Device device);

}  // namespace edgefuse::llm::engine
