#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/sequence.hpp"

namespace edgefuse::llm {

/// Logits at the last position of each sequence, [sequences, candidates], float32; all of the vocabulary when
/// `candidates` is empty. `adapter` may be null. Work is done where the model lies (llm/device.hpp). Sequences run
/// through the model in batches, packed in the order of input, which is the order of results. The head is multiplied
/// only for the rows and columns asked for.
[[nodiscard]] at::Tensor next_token_logits(const Model& model, const Adapter* adapter,
                                           std::span<const std::vector<std::int64_t>> sequences,
                                           std::span<const std::int64_t> candidates);

/// Summed negative log-likelihood of a sequence's labels, and how many there were.
struct SequenceLoss {
  double nll = 0;
  std::int64_t labels = 0;
};
[[nodiscard]] std::vector<SequenceLoss> sequence_losses(const Model& model, const Adapter* adapter,
                                                        std::span<const Sequence> sequences);

}  // namespace edgefuse::llm
