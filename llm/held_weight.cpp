#include "llm/held_weight.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/ATen.h>

#include "llm/engine/vectorised.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

/// NormalFloat4's values, rising, as bitsandbytes ships them.
constexpr std::array<float, 16> nf4_values = {-1.0F,
                                              -0.6961928009986877F,
                                              -0.5250730514526367F,
                                              -0.39491748809814453F,
                                              -0.28444138169288635F,
                                              -0.18477343022823334F,
                                              -0.09105003625154495F,
                                              0.0F,
                                              0.07958029955625534F,
                                              0.16093020141124725F,
                                              0.24611230194568634F,
                                              0.33791524171829224F,
                                              0.44070982933044434F,
                                              0.5626170039176941F,
                                              0.7229568362236023F,
                                              1.0F};

std::uint8_t nearest_nf4(float share) {
  const auto above = std::lower_bound(nf4_values.begin(), nf4_values.end(), share);
  if (above == nf4_values.begin()) return 0;
  if (above == nf4_values.end()) return 15;
  const auto below = above - 1;
  const auto nearest = share - *below <= *above - share ? below : above;
  return static_cast<std::uint8_t>(nearest - nf4_values.begin());
}

std::int64_t blocks(std::int64_t cols) {
  return (cols + quantisation_block - 1) / quantisation_block;
}

/// Largest magnitude of each block of a row.
void measure_row(const float* row, std::int64_t cols, float* scales) {
  for (std::int64_t block = 0; block < blocks(cols); ++block) {
    const std::int64_t end = std::min(cols, (block + 1) * quantisation_block);
    float largest = 0;
    for (std::int64_t j = block * quantisation_block; j < end; ++j)
      largest = std::max(largest, std::fabs(row[j]));
    scales[block] = largest;
  }
}

/// A block of zeros has scale 0 and every share 0.
float share(const float* row, const float* scales, std::int64_t j) {
  const float scale = scales[j / quantisation_block];
  return scale > 0 ? row[j] / scale : 0;
}

void encode_row(const float* row, std::int64_t cols, const float* scales, std::int8_t* codes) {
  for (std::int64_t j = 0; j < cols; ++j)
    codes[j] = static_cast<std::int8_t>(std::lround(127 * share(row, scales, j)));
}

void encode_row(const float* row, std::int64_t cols, const float* scales, std::uint8_t* codes) {
  std::fill_n(codes, (cols + 1) / 2, std::uint8_t{0});
  for (std::int64_t j = 0; j < cols; ++j)
    codes[j / 2] = static_cast<std::uint8_t>(codes[j / 2] | nearest_nf4(share(row, scales, j)) << (j % 2 * 4));
}

template <class Code>
void encode(const at::Tensor& weight, const HeldWeight& held) {
  for (std::int64_t i = 0; i < weight.size(0); ++i) {
    const float* row = weight.data_ptr<float>() + i * weight.stride(0);
    float* scales = held.scales.data_ptr<float>() + i * held.scales.stride(0);
    measure_row(row, weight.size(1), scales);
    encode_row(row, weight.size(1), scales, held.numbers.data_ptr<Code>() + i * held.numbers.stride(0));
  }
}

EDGEFUSE_INLINE void put(float value, float& place) {
  place = value;
}
EDGEFUSE_INLINE void put(float value, c10::BFloat16& place) {
  place.x = engine::bf16_bits(value);
}

template <class T>
EDGEFUSE_INLINE void decode_block(const std::int8_t* codes, std::int64_t begin, std::int64_t end, float scale, T* out) {
  const float step = scale / 127.0F;
  for (std::int64_t j = begin; j < end; ++j)
    put(step * static_cast<float>(codes[j]), out[j]);
}

template <class T>
EDGEFUSE_INLINE void decode_block(const std::uint8_t* codes, std::int64_t begin, std::int64_t end, float scale,
                                  T* out) {
  for (std::int64_t j = begin; j < end; ++j)
    put(scale * nf4_values[(codes[j / 2] >> (j % 2 * 4)) & 15], out[j]);
}

template <class Code, class T>
EDGEFUSE_INLINE void decode(const HeldWeight& held, MatrixView<T> out) {
  for (std::int64_t i = 0; i < out.rows; ++i) {
    const Code* codes = held.numbers.data_ptr<Code>() + i * held.numbers.stride(0);
    const float* scales = held.scales.data_ptr<float>() + i * held.scales.stride(0);
    for (std::int64_t begin = 0; begin < out.cols; begin += quantisation_block)
      decode_block(codes, begin, std::min(out.cols, begin + quantisation_block), scales[begin / quantisation_block],
                   out.row(i));
  }
}

template <class T>
EDGEFUSE_INLINE void decode_any(const HeldWeight& held, MatrixView<T> out) {
  EDGEFUSE_EXPECTS(held.rows() == out.rows && held.cols == out.cols, "a place of the weight's shape");
  if (held.quantisation == Quantisation::int8)
    decode<std::int8_t>(held, out);
  else
    decode<std::uint8_t>(held, out);
}

}  // namespace

double bytes_each(Quantisation quantisation) {
  constexpr double scale = 4.0 / quantisation_block;
  switch (quantisation) {
    case Quantisation::int8:
      return 1 + scale;
    case Quantisation::nf4:
      return 0.5 + scale;
    case Quantisation::none:
      break;
  }
  return 4;
}

HeldWeight rounded(const at::Tensor& weight) {
  return {.numbers = weight.to(at::kBFloat16).contiguous(), .scales = {}, .cols = weight.size(1)};
}

HeldWeight quantised(const at::Tensor& weight, Quantisation quantisation) {
  EDGEFUSE_EXPECTS(quantisation != Quantisation::none, "a quantiser");
  EDGEFUSE_EXPECTS(weight.dim() == 2 && weight.scalar_type() == at::kFloat, "a float32 matrix");
  const at::Tensor dense = weight.stride(1) == 1 ? weight : weight.contiguous();
  const std::int64_t rows = dense.size(0);
  const std::int64_t cols = dense.size(1);
  const bool bytes = quantisation == Quantisation::int8;
  HeldWeight held{.quantisation = quantisation,
                  .numbers = bytes ? at::empty({rows, cols}, at::kChar) : at::empty({rows, (cols + 1) / 2}, at::kByte),
                  .scales = at::empty({rows, blocks(cols)}, at::kFloat),
                  .cols = cols};
  bytes ? encode<std::int8_t>(dense, held) : encode<std::uint8_t>(dense, held);
  return held;
}

HeldWeight leading(const HeldWeight& held, std::int64_t rows, std::int64_t cols) {
  if (!held.defined()) return held;
  HeldWeight part = held;
  part.cols = cols;
  const std::int64_t stored = held.quantisation == Quantisation::nf4 ? (cols + 1) / 2 : cols;
  part.numbers = held.numbers.narrow(0, 0, rows).narrow(1, 0, stored);
  if (held.scales.defined()) part.scales = held.scales.narrow(0, 0, rows).narrow(1, 0, blocks(cols));
  return part;
}

EDGEFUSE_VECTORISED void dequantise(const HeldWeight& held, MatrixView<float> out) {
  decode_any(held, out);
}
EDGEFUSE_VECTORISED void dequantise(const HeldWeight& held, MatrixView<c10::BFloat16> out) {
  decode_any(held, out);
}

at::Tensor dequantised(const HeldWeight& held) {
  EDGEFUSE_EXPECTS(held.quantisation != Quantisation::none, "a quantised weight");
  const at::Tensor scales = held.scales.repeat_interleave(quantisation_block, 1).narrow(1, 0, held.cols);
  if (held.quantisation == Quantisation::int8) return held.numbers.to(at::kFloat) * (scales / 127);
  const at::Tensor low = at::bitwise_and(held.numbers, 15);
  const at::Tensor high = at::__rshift__(held.numbers, 4);
  const at::Tensor codes = at::stack({low, high}, 2).flatten(1).narrow(1, 0, held.cols);
  const at::Tensor values = at::empty({16}, at::kFloat);
  std::ranges::copy(nf4_values, values.data_ptr<float>());
  return values.to(held.numbers.device()).index_select(0, codes.flatten().to(at::kLong)).view(codes.sizes()) * scales;
}

}  // namespace edgefuse::llm
