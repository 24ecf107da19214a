#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "llm/model.hpp"

namespace edgefuse::llm {

/// A model of `config` before it has read anything, float32: norms are 1; matrices are normal with deviation
/// 1/sqrt(in), those that end a residual branch (o, down) smaller by sqrt(2·layers) (Radford et al. 2019); embeddings
/// have deviation 0.05. Biases are 0. Drawn from Domain::pretraining_init.
[[nodiscard]] Model initial_model(const ModelConfig& config, std::uint64_t seed);

/// A text as tokens, and how much the prediction of each counts; the first token is never predicted.
struct WeightedSequence {
  std::vector<std::int64_t> ids;
  std::vector<float> weights;
};

/// Rows of one kind. A part's loss is the weighted mean of the negative log-likelihood over all its predictions, so
/// `share` is what the part counts in the step whatever the lengths of its rows.
struct PretrainingPart {
  double share = 1;
  std::vector<WeightedSequence> rows;
};

/// AdamW on all weights; norms do not decay. The rate rises linearly for `warm_up` steps and then falls as half a
/// cosine to a fiftieth of its peak at the last step.
struct PretrainingOptions {
  std::int64_t steps = 1000;
  std::int64_t warm_up = 100;
  double learning_rate = 2e-3;
  double weight_decay = 0.05;
  double beta1 = 0.9;
  double beta2 = 0.98;
  double epsilon = 1e-8;
  double clip_norm = 1;
  bool head_learns = true;  // else the head stays as it is, and the embedding with it where the two are tied
  bool zeros_stay = false;  // entries of matrices that are 0 at first stay 0: a mask's
  unsigned workers = 1;     // threads; results do not depend on it

  [[nodiscard]] double rate(std::int64_t step) const;
};

/// What one step found, before it changed the weights.
struct PretrainingStep {
  double rate = 0;
  double grad_norm = 0;        // before clipping
  std::vector<double> losses;  // of each part
};

/// Full-weight training by autograd over the reference forward. Rows are divided among tasks by their order alone and
/// gradients added up in that order: the same bits for any number of workers.
class Pretrainer {
 public:
  Pretrainer(Model model, const PretrainingOptions& options);
  ~Pretrainer();
  Pretrainer(Pretrainer&&) noexcept;
  Pretrainer& operator=(Pretrainer&&) noexcept;

  /// One optimiser step. Throws RunError when a gradient is not finite; the weights then stay as they were.
  PretrainingStep step(std::span<const PretrainingPart> parts);

  /// A copy of the weights as they are now.
  [[nodiscard]] Model model() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace edgefuse::llm
