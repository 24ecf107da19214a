#include "llm/engine/attention.hpp"

#include <algorithm>
#include <cmath>

#include "llm/engine/kernels.hpp"
#include "llm/gemm.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm::engine {
namespace {

constexpr std::int64_t query_block = 64;

/// A run of queries of one row, and the keys the last of them sees: what all rows share, and the row's own.
struct QueryBlock {
  Span queries;
  Span shared;
  Span own;

  [[nodiscard]] std::int64_t keys() const { return shared.size() + own.size(); }
};

/// Calls f(block, head, kv_head) for all blocks of all rows, the heads of a block one after the other.
template <class F>
void for_each_block(const HeadShape& shape, const Packed& tokens, const Packed& queries, const F& f) {
  for (std::size_t row = 0; row < queries.rows.size(); ++row) {
    const Span asked = queries.rows[row];
    for (std::int64_t begin = asked.begin; begin < asked.end; begin += query_block) {
      const std::int64_t end = std::min(begin + query_block, asked.end);
      const std::int64_t first_key = tokens.rows[row].begin;
      const std::int64_t shared = row == 0 ? 0 : tokens.prefix;
      const std::int64_t seen = queries.positions[static_cast<std::size_t>(end - 1)] + 1 - shared;
      const QueryBlock block{{begin, end}, {0, shared}, {first_key, first_key + seen}};
      for (std::int64_t head = 0; head < shape.heads; ++head)
        f(block, head, head / shape.group());
    }
  }
}

template <class T>
MatrixView<T> head_of(MatrixView<T> x, Span rows, std::int64_t head, std::int64_t head_dim) {
  return x.row_range(rows.begin, rows.end).columns(head * head_dim, head_dim);
}

template <class T>
T score_scale(const HeadShape& shape) {
  return static_cast<T>(1 / std::sqrt(static_cast<double>(shape.head_dim)));
}

template <class T>
void clear(MatrixView<T> x) {
  for (std::int64_t i = 0; i < x.rows; ++i)
    std::fill_n(x.row(i), x.cols, T{0});
}

}  // namespace

template <class T>
void attend(const HeadShape& shape, const Packed& tokens, const Packed& queries, MatrixView<const T> q,
            MatrixView<const T> k, MatrixView<const T> v, MatrixView<T> out, MatrixView<T> log_sums,
            Scratch<T>& scratch) {
  const std::int64_t width = shape.head_dim;
  for_each_block(shape, tokens, queries, [&](const QueryBlock& block, std::int64_t head, std::int64_t kv_head) {
    const auto scores = scratch.scores.reshape(block.queries.size(), block.keys());
    const auto own_scores = scores.columns(block.shared.size(), block.own.size());
    const auto shared_scores = scores.columns(0, block.shared.size());
    const auto own_q = head_of(q, block.queries, head, width);
    multiply(shared_scores, own_q, transposed(head_of(k, block.shared, kv_head, width)), score_scale<T>(shape));
    multiply(own_scores, own_q, transposed(head_of(k, block.own, kv_head, width)), score_scale<T>(shape));
    // Columns stand in order of position, shared ones first.
    causal_softmax(scores, queries.positions.data() + block.queries.begin, log_sums.row(block.queries.begin) + head,
                   log_sums.stride);
    const auto own_out = head_of(out, block.queries, head, width);
    multiply(own_out, own_scores, head_of(v, block.own, kv_head, width));
    if (block.shared.size() > 0) multiply(own_out, shared_scores, head_of(v, block.shared, kv_head, width), T{1}, T{1});
  });
}

template <class T>
void attend_backward(const HeadShape& shape, const Packed& tokens, const Packed& queries,
                     const AttentionInputs<T>& inputs, MatrixView<const T> out, MatrixView<const T> log_sums,
                     MatrixView<const T> d_out, const AttentionGradients<T>& gradients, Scratch<T>& scratch) {
  EDGEFUSE_EXPECTS(tokens.prefix == 0, "a pass whose rows share nothing: only those go backward");
  const std::int64_t width = shape.head_dim;
  const T scale = score_scale<T>(shape);
  clear(gradients.k);
  clear(gradients.v);
  scratch.mixed.resize(static_cast<std::size_t>(query_block));
  for_each_block(shape, tokens, queries, [&](const QueryBlock& block, std::int64_t head, std::int64_t kv_head) {
    const auto q = head_of(inputs.q, block.queries, head, width);
    const auto k = head_of(inputs.k, block.own, kv_head, width);
    const auto v = head_of(inputs.v, block.own, kv_head, width);
    const auto d = head_of(d_out, block.queries, head, width);
    const auto scores = scratch.scores.reshape(block.queries.size(), block.own.size());
    const auto d_scores = scratch.d_scores.reshape(block.queries.size(), block.own.size());
    multiply(scores, q, transposed(k), scale);
    multiply(d_scores, d, transposed(v));
    row_products(d, head_of(out, block.queries, head, width), scratch.mixed.data());
    causal_softmax_backward(scores, d_scores, queries.positions.data() + block.queries.begin,
                            log_sums.row(block.queries.begin) + head, log_sums.stride, scratch.mixed.data(), scale);
    multiply(head_of(gradients.q, block.queries, head, width), d_scores, k);
    multiply(head_of(gradients.k, block.own, kv_head, width), transposed(d_scores), q, T{1}, T{1});
    multiply(head_of(gradients.v, block.own, kv_head, width), transposed(scores), d, T{1}, T{1});
  });
}

template void attend(const HeadShape&, const Packed&, const Packed&, MatrixView<const float>, MatrixView<const float>,
                     MatrixView<const float>, MatrixView<float>, MatrixView<float>, Scratch<float>&);
template void attend(const HeadShape&, const Packed&, const Packed&, MatrixView<const double>, MatrixView<const double>,
                     MatrixView<const double>, MatrixView<double>, MatrixView<double>, Scratch<double>&);
template void attend_backward(const HeadShape&, const Packed&, const Packed&, const AttentionInputs<float>&,
                              MatrixView<const float>, MatrixView<const float>, MatrixView<const float>,
                              const AttentionGradients<float>&, Scratch<float>&);
template void attend_backward(const HeadShape&, const Packed&, const Packed&, const AttentionInputs<double>&,
                              MatrixView<const double>, MatrixView<const double>, MatrixView<const double>,
                              const AttentionGradients<double>&, Scratch<double>&);

}  // namespace edgefuse::llm::engine
