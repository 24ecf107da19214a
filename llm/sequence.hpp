#pragma once

#include <cstdint>
#include <vector>

namespace edgefuse::llm {

inline constexpr std::int64_t no_label = -100;

/// Token ids of one training or evaluation text, and for each position the id to be predicted *there*
/// (Hugging Face's convention: labels align with ids, the loss shifts by one), or `no_label`.
struct Sequence {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> labels;

  /// How many predictions the loss averages over: labels at position 0 have no predecessor and do not count.
  [[nodiscard]] std::int64_t label_count() const;
};

/// The rows of one optimiser step; rows may differ in length.
using Batch = std::vector<Sequence>;

/// Every `count` batches in a row as one; the last may be made of fewer. That is what accumulating their gradients
/// comes to: a step's loss is the mean over all its labels.
[[nodiscard]] std::vector<Batch> accumulated(std::vector<Batch> batches, std::int64_t count);

}  // namespace edgefuse::llm
