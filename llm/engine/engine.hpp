#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "llm/engine/block.hpp"
#include "llm/engine/factors.hpp"
#include "llm/engine/head.hpp"
#include "llm/engine/pass.hpp"
#include "llm/model.hpp"

namespace edgefuse::llm::engine {

/// Tokens that go through the model at once: enough for full-speed products, few enough to stay in the caches and to
/// bound the memory of a gang's activations.
inline constexpr std::int64_t default_token_budget = 1024;

/// A frozen model with the memory one thread needs to run gangs through it. T is the model's type.
template <class T>
class Engine {
 public:
  /// `longest`: no text will have more tokens. With `recompute` only the input of each block is kept, and a block's
  /// forward is computed again for its backward (Chen et al., 1604.06174).
  Engine(const Model& model, Precision precision, std::int64_t longest, bool recompute = false);

  /// The last block's output at the queries, [queries, hidden]; valid until the next call. Keeps what `backward` needs.
  MatrixView<T> forward(const Pass& pass, const GangFactors<T>& factors);

  /// Adds the gradients of the factors, given that of `forward`'s result for the same pass, whose memory is used up.
  /// Goes down to the lowest adapted module and no further.
  void backward(const Pass& pass, GangFactors<T>& factors, MatrixView<T> d_out);

  [[nodiscard]] Scratch<T>& scratch() { return scratch_; }

 private:
  [[nodiscard]] PassView<T> view(const Pass& pass, std::size_t block) const;
  /// The lowest block whose layer has an adapter; their number when there is none.
  [[nodiscard]] std::size_t lowest_adapted(const GangFactors<T>& factors) const;
  void embed(const Pass& pass, MatrixView<T> x) const;
  [[nodiscard]] BlockState<T>& state(std::size_t block) { return states_[recompute_ ? 0 : block]; }

  at::Tensor embedding_;
  at::Tensor cos_, sin_;
  std::vector<Block<T>> blocks_;       // of the layers that were not dropped
  std::vector<std::size_t> layers_{};  // of each block
  bool recompute_;
  std::vector<BlockState<T>> states_;  // of each block, or one for all
  std::vector<Matrix<T>> inputs_;      // of each block, and the last one's output
  BlockGradients<T> gradients_;
  Matrix<T> d_input_, d_output_;
  Scratch<T> scratch_;
};

extern template class Engine<float>;
extern template class Engine<double>;

}  // namespace edgefuse::llm::engine
