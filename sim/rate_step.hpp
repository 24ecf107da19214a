#pragma once

#include <cmath>

namespace edgefuse::sim {

/// The power of 2^(1/32) nearest to a rate, or to a factor of rates, above 0: at most 1.1 % away. The rates of many
/// clients then are few different ones, which is what a shared link's work grows with.
[[nodiscard]] inline double on_a_step(double rate) {
  return std::exp2(std::round(32 * std::log2(rate)) / 32);
}

}  // namespace edgefuse::sim
