#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace edgefuse::llm {

/// Keeps the floor(density · n) largest magnitudes of a sequence of n float32 numbers that comes in pieces, the earlier
/// one first among equals, and sets the others to zero. Exact and without a copy: the bits of |x| order as integers,
/// so two counting passes (upper, then lower half of the bits) find the smallest magnitude kept.
///
///     for piece: count_upper(piece);   settle_upper();
///     for piece: count_lower(piece);   settle_lower();
///     for piece in order: trim(piece);                  // in a copy, to go through them more than once
class Trim {
 public:
  explicit Trim(double density);

  void count_upper(std::span<const float> piece);
  void settle_upper();
  void count_lower(std::span<const float> piece);
  void settle_lower();
  void trim(std::span<float> piece);

 private:
  double density_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t wanted_ = 0;  // how many are still to be found from the current half
  std::uint32_t smallest_kept_ = 0;
  std::uint64_t equal_left_ = 0;
};

/// Trims a sequence that is in one piece.
void trim_to_density(std::span<float> values, double density);

}  // namespace edgefuse::llm
