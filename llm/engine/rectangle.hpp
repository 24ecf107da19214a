#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "llm/engine/pass.hpp"

namespace edgefuse::llm::engine {

/// Packed spans of unequal lengths seen as the rows of one rectangle, as batched products want them: zeros stand where
/// a span has ended.
class Rectangle {
 public:
  Rectangle(std::span<const Span> spans, std::int64_t packed_size, at::Device device);

  /// [packed, width] to [spans, longest, width].
  [[nodiscard]] at::Tensor pad(const at::Tensor& packed) const;
  /// [spans, longest, width] back to [packed, width].
  [[nodiscard]] at::Tensor unpad(const at::Tensor& padded) const;

 private:
  std::int64_t rows_;
  std::int64_t longest_ = 0;
  at::Tensor sources_;  // [rows·longest], each place's packed position; one past the last where there is none
  at::Tensor places_;   // [packed], where each position lies
};

}  // namespace edgefuse::llm::engine
