#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "llm/engine/pass.hpp"
#include "llm/scoring.hpp"

// What llm/scoring.hpp offers, for a model on a device; the same arguments, checked, and `longest` of the texts.
namespace edgefuse::llm::engine {

template <class T>
[[nodiscard]] at::Tensor next_logits_on_device(const Model& model, const Adapter* adapter,
                                               std::span<const std::vector<std::int64_t>> texts,
                                               std::span<const std::int64_t> candidates, std::int64_t longest);

template <class T>
[[nodiscard]] std::vector<SequenceLoss> losses_on_device(const Model& model, const Adapter* adapter,
                                                         std::span<const Sequence> sequences, std::int64_t longest);

/// Adds each row's share of a pass's nll to the result of its text.
void add_to_texts(const Pass& pass, std::span<const double> nll, std::span<SequenceLoss> texts);

}  // namespace edgefuse::llm::engine
