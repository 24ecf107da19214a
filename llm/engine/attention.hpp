#pragma once

#include <cstdint>

#include "llm/engine/adapted_site.hpp"
#include "llm/engine/pass.hpp"
#include "llm/matrix.hpp"

namespace edgefuse::llm::engine {

struct HeadShape {
  std::int64_t heads = 0;  // of the queries
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;

  [[nodiscard]] std::int64_t group() const { return kv_heads == 0 ? 0 : heads / kv_heads; }
};

template <class T>
struct AttentionInputs {
  MatrixView<const T> q, k, v;
};
template <class T>
struct AttentionGradients {
  MatrixView<T> q, k, v;
};

/// Causal grouped-query attention (Ainslie et al., 2305.13245) of every row's queries over that row's keys, a block of
/// queries at a time, so that only a block's scores exist at once (as Dao et al., 2205.14135):
/// out [queries, heads·head_dim], log_sums [queries, heads] for the backward.
/// q is [queries, heads·head_dim]; k and v are [tokens, kv_heads·head_dim]. In bf16 the operands of its products are
/// rounded; sums, softmax and results stay in T.
template <class T>
void attend(const HeadShape& shape, Precision precision, const Packed& tokens, const Packed& queries,
            const AttentionInputs<T>& inputs, MatrixView<T> out, MatrixView<T> log_sums, Scratch<T>& scratch);

/// The gradients of q, k and v (written) for `d_out`, the gradient of `out`. Scores are computed again.
template <class T>
void attend_backward(const HeadShape& shape, Precision precision, const Packed& tokens, const Packed& queries,
                     const AttentionInputs<T>& inputs, MatrixView<const T> out, MatrixView<const T> log_sums,
                     MatrixView<const T> d_out, const AttentionGradients<T>& gradients, Scratch<T>& scratch);

}  // namespace edgefuse::llm::engine
