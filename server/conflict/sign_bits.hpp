#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace edgefuse::server {

/// One bit for each entry of a change [out, in], row by row, in words of 64: of dozens of changes, all pairs can be
/// compared in memory.
using Bits = std::vector<std::uint64_t>;

struct SignBits {
  Bits positive;
  Bits negative;
  Bits top;  // non-zero and among the floor(share · n) largest magnitudes, the earlier first among equals
};

/// `top_share` in [0, 1].
[[nodiscard]] SignBits sign_bits(std::span<const float> change, double top_share);

/// How many entries of two changes have what is asked.
struct SignOverlap {
  std::int64_t both = 0;      // non-zero in both
  std::int64_t either = 0;    // non-zero in one at least
  std::int64_t unlike = 0;    // of opposite signs
  std::int64_t both_top = 0;  // among the largest of both
  std::int64_t either_top = 0;
};
[[nodiscard]] SignOverlap overlap(const SignBits& x, const SignBits& y);

}  // namespace edgefuse::server
