#pragma once

#include <ATen/core/Tensor.h>

#include "llm/adapter.hpp"
#include "llm/model.hpp"

namespace edgefuse::llm {

/// The forward pass of the Llama family as plainly as ATen can say it: what the training engine is tested against, and
/// what pre-training differentiates. `ids` [rows, sequence] int64; `adapter` may be null and may cover any subset of
/// the modules. Returns the logits [rows, sequence, vocabulary] in the model's own type (float32 or float64).
///
/// Sizes of a layer are read off its tensors, so variants work; autograd can differentiate with respect to weights and
/// factors. Throws InputError for sequences longer than the model's positions or sliding window, and for ids outside
/// the vocabulary.
[[nodiscard]] at::Tensor reference_logits(const Model& model, const Adapter* adapter, const at::Tensor& ids);

/// Mean over the labelled positions of the negative log-likelihood, shifted by one: `labels` [rows, sequence] int64,
/// `no_label` where none. A scalar, differentiable. At least one position after the first must have a label.
[[nodiscard]] at::Tensor reference_loss(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace edgefuse::llm
