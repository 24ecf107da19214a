#pragma once

#include <cstdint>
#include <string>

#include "llm/config.hpp"
#include "sim/parameters.hpp"

namespace edgefuse::llm {

/// Where the zeros of a weight matrix [out, in] may be: anywhere, or M - N in every M neighbours of a row ("N:M", such
/// as the 2:4 that some hardware multiplies), M a divisor of `in`.
struct SparsityPattern {
  std::int64_t n = 0;  // stay
  std::int64_t m = 0;  // of as many; 0 where zeros may be anywhere

  [[nodiscard]] bool anywhere() const { return m == 0; }
  /// Bits per weight to say which are zero: one for any pattern, N/M·⌈log2 M⌉ for N:M, a position for each that stays.
  [[nodiscard]] double index_bits() const;
};

/// `pattern = "unstructured"`, "2:4" or "4:8".
[[nodiscard]] ParameterSpec pattern_parameter();
[[nodiscard]] SparsityPattern pattern_named(const std::string& name);

/// Throws InputError when N:M leaves another share than 1 - ratio, or M does not divide what a projection of the model
/// multiplies (hidden, heads · head_dim, intermediate): all of it at once. Ratio 0 prunes nothing and always fits.
void check_fits(const SparsityPattern& pattern, const ModelConfig& config, double ratio);

/// How much of a matrix goes, and in which pattern.
struct Sparsity {
  SparsityPattern pattern;
  double ratio = 0;

  /// Zeros among `count` weights that are compared with each other: floor(ratio · count), taking the ratio as the
  /// decimal number it was written as (0.29 of 100 are 29).
  [[nodiscard]] std::int64_t zeros_of(std::int64_t count) const;
};

}  // namespace edgefuse::llm
