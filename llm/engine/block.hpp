#pragma once

#include <vector>

#include "llm/engine/adapted_site.hpp"
#include "llm/engine/attention.hpp"
#include "llm/engine/pass.hpp"
#include "llm/model.hpp"

namespace edgefuse::llm::engine {

/// What a block's forward leaves for its backward. T tokens, Q queries (the last block may have fewer of them).
template <class T>
struct BlockState {
  Matrix<T> x1;                     // [T, hidden], the attention's input after its norm
  Matrix<T> x_queries, x1_queries;  // [Q, hidden], gathered rows of the input and of x1 where Q < T
  Matrix<T> q, k, v;                // after the rotation
  Matrix<T> q_plain, k_plain;       // before their norms, where the model has them
  Matrix<T> mixed;                  // [Q, heads·head_dim], the attention's output
  Matrix<T> log_sums;               // [Q, heads]
  Matrix<T> middle;                 // [Q, hidden], after the attention's residual
  Matrix<T> x2;                     // [Q, hidden], the MLP's input after its norm
  Matrix<T> gate, up, act;          // [Q, neurons]
  std::vector<T> inverse1, inverse2, inverse_q, inverse_k;  // of the norms
  std::array<Matrix<T>, site_count> hidden;                 // x·A' of every site

  [[nodiscard]] Matrix<T>& hidden_of(Site site) { return hidden[static_cast<std::size_t>(site)]; }
};

/// The gradients a block's backward passes through; one set serves all blocks, and what the attention needs lies where
/// the MLP's were.
template <class T>
struct BlockGradients {
  Matrix<T> inner;              // of gate and up, or of q, k, v and mixed
  AttentionGradients<T> heads;  // in `inner`
  Matrix<T> x;                  // of x2, later of x1
  Matrix<T> x1_queries;
};

/// What is the same for all blocks of a pass.
template <class T>
struct PassView {
  const Packed& tokens;
  const Packed& queries;                 // of this block
  std::span<const std::int64_t> gather;  // each query's token; empty where every token asks
  MatrixView<const T> cos, sin;
};

/// One decoder block: forward, and backward to its input and its adapters.
template <class T>
class Block {
 public:
  Block(const Model& model, std::size_t index, Precision precision);

  /// x [T, hidden] to out [Q, hidden].
  void forward(const PassView<T>& pass, const GangFactors<T>& factors, MatrixView<const T> x, MatrixView<T> out,
               BlockState<T>& state, Scratch<T>& scratch) const;

  /// `d_out` [Q, hidden] is the gradient of `out`; its memory is used up. The gradient of x [T, hidden] is written to
  /// `dx`; when that is null, only what this block's own adapters need is computed.
  void backward(const PassView<T>& pass, GangFactors<T>& factors, MatrixView<const T> x, MatrixView<T> d_out,
                const MatrixView<T>* dx, BlockState<T>& state, BlockGradients<T>& gradients, Scratch<T>& scratch) const;

 private:
  void project_and_turn(const PassView<T>& pass, const GangFactors<T>& factors, MatrixView<const T> x_queries,
                        BlockState<T>& state, Scratch<T>& scratch) const;
  /// The MLP's part; false when nothing before it needs a gradient. Adds to d_middle, which comes as d_out.
  bool mlp_backward(const PassView<T>& pass, GangFactors<T>& factors, MatrixView<T> d_middle, bool need_input,
                    BlockState<T>& state, BlockGradients<T>& gradients, Scratch<T>& scratch) const;
  bool attention_backward(const PassView<T>& pass, GangFactors<T>& factors, MatrixView<const T> d_middle,
                          bool need_input, BlockState<T>& state, BlockGradients<T>& gradients,
                          Scratch<T>& scratch) const;
  void inputs_backward(const PassView<T>& pass, GangFactors<T>& factors, bool need_input, BlockState<T>& state,
                       BlockGradients<T>& gradients, Scratch<T>& scratch) const;

  std::size_t index_;
  HeadShape shape_;
  Precision precision_;
  double eps_;
  bool qk_norm_;
  Layer norms_;  // its norm vectors, contiguous
  AdaptedSite<T> q_, kv_, o_, gate_up_, down_;
};

extern template class Block<float>;
extern template class Block<double>;

}  // namespace edgefuse::llm::engine
