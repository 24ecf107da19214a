#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "llm/model.hpp"
#include "llm/pruning/by_input.hpp"
#include "llm/rope.hpp"

namespace edgefuse::llm {

/// Texts as token ids: what a pruner runs the model on to see what matters, or a client to see what its data say. Empty
/// when none is needed.
struct Calibration {
  std::vector<std::vector<std::int64_t>> texts;

  [[nodiscard]] bool empty() const { return texts.empty(); }
  /// Tokens of the longest, at least 1.
  [[nodiscard]] std::int64_t longest() const;
};

/// `count` stretches of `length` tokens at equal distances over the whole of `tokens`, without overlap. Throws
/// InputError about `origin` when there are fewer than count · length tokens.
[[nodiscard]] Calibration take_stretches(std::span<const std::int64_t> tokens, std::int64_t count, std::int64_t length,
                                         const std::string& origin);

/// What the projections of one layer multiply, for one text: [tokens, in], in the model's type.
using LayerInputs = ByInput<at::Tensor>;

/// The calibration texts on their way through a model, one layer at a time: beside the hidden states between two layers
/// only one text's activations in one layer are in memory. Each layer may be replaced before the texts go on through
/// it, so that what later layers see has passed the pruned ones (as Wanda and SparseGPT do it).
class ActivationStream {
 public:
  using Watch = std::function<void(const LayerInputs&)>;

  /// Before the first layer. Throws InputError for ids outside the vocabulary and texts longer than the model reads.
  ActivationStream(const Model& model, const Calibration& calibration);

  /// Shows what the next layer, were it `layer`, would multiply for each text in order; the texts stay where they are.
  void watch(const Layer& layer, const Watch& see) const;
  /// Takes the texts through `layer`.
  void advance(const Layer& layer);
  /// Both in one pass.
  void advance(const Layer& layer, const Watch& see);

  /// Where the texts are: what the next layer reads of each, [1, tokens, hidden].
  [[nodiscard]] std::span<const at::Tensor> hidden() const { return hidden_; }

 private:
  ModelConfig config_;
  RopeTables rope_;
  std::vector<at::Tensor> hidden_;
};

}  // namespace edgefuse::llm
