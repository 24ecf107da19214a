#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/BFloat16.h>

#include <cstdint>

#include "llm/matrix.hpp"

namespace edgefuse::llm {

/// In how many bits a device holds a weight of the frozen base. Both quantisers work on blocks of 64 neighbours in a
/// row, with the block's largest magnitude as its float32 scale:
///   int8  round(127·w / scale), symmetric
///   nf4   the nearest of sixteen quantiles of a normal distribution (QLoRA, Dettmers et al., 2305.14314, appendix E),
///         without double quantisation
enum class Quantisation : std::uint8_t { none, int8, nf4 };
inline constexpr std::int64_t quantisation_block = 64;

/// Bytes for one number, its share of the scale included; 4 when nothing is quantised.
[[nodiscard]] double bytes_each(Quantisation quantisation);

/// A form of a frozen weight [rows, cols] that training multiplies with instead of the weight itself: rounded to bf16,
/// or quantised. Made once for a base; leading parts of it, which is what variants need, share its memory.
struct HeldWeight {
  Quantisation quantisation = Quantisation::none;
  at::Tensor numbers;  // bfloat16 [rows, cols]; int8 [rows, cols]; nf4 uint8 [rows, ⌈cols/2⌉], even columns low
  at::Tensor scales;   // float32 [rows, ⌈cols/64⌉] where quantised
  std::int64_t cols = 0;

  [[nodiscard]] bool defined() const { return numbers.defined(); }
  [[nodiscard]] std::int64_t rows() const { return numbers.size(0); }
};

/// Of a float32 matrix.
[[nodiscard]] HeldWeight rounded(const at::Tensor& weight);
[[nodiscard]] HeldWeight quantised(const at::Tensor& weight, Quantisation quantisation);

/// The first `rows` rows and `cols` columns, no copy. What is not defined stays so.
[[nodiscard]] HeldWeight leading(const HeldWeight& held, std::int64_t rows, std::int64_t cols);

/// What a quantised weight stands for, written to `out` [rows, cols].
void dequantise(const HeldWeight& held, MatrixView<float> out);
void dequantise(const HeldWeight& held, MatrixView<c10::BFloat16> out);
/// The same as a new float32 tensor on the device that holds it.
[[nodiscard]] at::Tensor dequantised(const HeldWeight& held);

}  // namespace edgefuse::llm
