#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

/// Compiles a function for several instruction sets; the loader picks one. The sanitizers cannot run before main(),
/// where that choice is made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define EDGEFUSE_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EDGEFUSE_VECTORISED
#endif

/// Helpers of vectorised functions must be part of them to be compiled for the same instruction set.
#define EDGEFUSE_INLINE [[gnu::always_inline]] inline

namespace edgefuse::llm::engine {

/// Σ f(i) over 0 .. n - 1 in sixteen interleaved partial sums: a fixed order that still vectorises.
template <class T, class F>
EDGEFUSE_INLINE T lane_sum(std::int64_t n, const F& f) {
  constexpr std::int64_t lanes = 16;
  std::array<T, lanes> partial{};
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (std::int64_t lane = 0; lane < lanes; ++lane)
      partial[lane] += f(i + lane);
  for (; i < n; ++i)
    partial[i % lanes] += f(i);
  for (std::int64_t width = lanes / 2; width > 0; width /= 2)
    for (std::int64_t lane = 0; lane < width; ++lane)
      partial[lane] += partial[lane + width];
  return partial[0];
}

/// max f(i) over 0 .. n - 1, n > 0. A NaN may or may not come through; what is computed from it then shows it.
template <class T>
EDGEFUSE_INLINE T lane_max(std::int64_t n, const T* values) {
  constexpr std::int64_t lanes = 16;
  std::array<T, lanes> partial;
  partial.fill(values[0]);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (std::int64_t lane = 0; lane < lanes; ++lane)
      partial[lane] = partial[lane] < values[i + lane] ? values[i + lane] : partial[lane];
  T best = partial[0];
  for (const T value : partial)
    best = best < value ? value : best;
  for (; i < n; ++i)
    best = best < values[i] ? values[i] : best;
  return best;
}

/// e^x to two units in the last place: 2^n times Cephes' polynomial on |r| <= ln(2) / 2. Beyond ±87 the result stays at
/// the limit's value instead of becoming 0 or infinite; NaN stays NaN.
EDGEFUSE_INLINE float exponential(float x) {
  constexpr float round_to_integer = 12582912.0F;  // 1.5 · 2^23: its last bit is worth 1
  x = x < -87.0F ? -87.0F : x;
  x = x > 87.0F ? 87.0F : x;
  const float shifted = x * 1.44269504088896341F + round_to_integer;
  const float n = shifted - round_to_integer;
  const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float mantissa = p * r * r + r + 1.0F;
  const std::uint32_t exponent = (std::bit_cast<std::uint32_t>(shifted) + 127U) << 23;
  return mantissa * std::bit_cast<float>(exponent);
}

EDGEFUSE_INLINE double exponential(double x) {
  return std::exp(x);
}

/// The upper half of x's bits, rounded to nearest, ties to even. A NaN stays one.
EDGEFUSE_INLINE std::uint16_t bf16_bits(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto rounded = static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
  return x == x ? rounded : std::uint16_t{0x7fc0};
}

}  // namespace edgefuse::llm::engine
