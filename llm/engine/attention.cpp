#include "llm/engine/attention.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

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

/// What a product of numbers of type W reads: `x` itself, or its numbers rounded into `place`.
template <class W, class T>
MatrixView<const W> operand(MatrixView<const T> x, Matrix<W>& place) {
  if constexpr (std::is_same_v<T, W>) {
    return x;
  } else {
    const auto rounded = place.reshape(x.rows, x.cols);
    round_to_bf16(x, rounded);
    return rounded;
  }
}

template <class T, class W>
void attend_with(const HeadShape& shape, const Packed& tokens, const Packed& queries, const AttentionInputs<T>& inputs,
                 MatrixView<T> out, MatrixView<T> log_sums, Matrix<T>& score_memory, AttentionOperands<W>& operands) {
  const std::int64_t width = shape.head_dim;
  for_each_block(shape, tokens, queries, [&](const QueryBlock& block, std::int64_t head, std::int64_t kv_head) {
    const auto scores = score_memory.reshape(block.queries.size(), block.keys());
    const auto own_q = operand<W>(head_of(inputs.q, block.queries, head, width), operands.q);
    const auto score = [&](Span keys, std::int64_t first) {
      const auto k = operand<W>(head_of(inputs.k, keys, kv_head, width), operands.k);
      multiply(scores.columns(first, keys.size()), own_q, transposed(k), score_scale<T>(shape));
    };
    score(block.shared, 0);
    score(block.own, block.shared.size());
    // Columns stand in order of position, shared ones first.
    causal_softmax(scores, queries.positions.data() + block.queries.begin, log_sums.row(block.queries.begin) + head,
                   log_sums.stride);
    const MatrixView<const W> shares = operand<W, T>(scores, operands.scores);
    const auto own_out = head_of(out, block.queries, head, width);
    const auto mix = [&](Span keys, std::int64_t first, T beta) {
      const auto v = operand<W>(head_of(inputs.v, keys, kv_head, width), operands.v);
      multiply(own_out, Operand<W>{shares.columns(first, keys.size())}, Operand<W>{v}, T{1}, beta);
    };
    mix(block.own, block.shared.size(), T{0});
    if (block.shared.size() > 0) mix(block.shared, 0, T{1});
  });
}

template <class T, class W>
void attend_backward_with(const HeadShape& shape, const Packed& tokens, const Packed& queries,
                          const AttentionInputs<T>& inputs, MatrixView<const T> out, MatrixView<const T> log_sums,
                          MatrixView<const T> d_out, const AttentionGradients<T>& gradients, Scratch<T>& scratch,
                          AttentionOperands<W>& operands) {
  const std::int64_t width = shape.head_dim;
  const T scale = score_scale<T>(shape);
  for_each_block(shape, tokens, queries, [&](const QueryBlock& block, std::int64_t head, std::int64_t kv_head) {
    const auto d_exact = head_of(d_out, block.queries, head, width);
    const auto q = operand<W>(head_of(inputs.q, block.queries, head, width), operands.q);
    const auto k = operand<W>(head_of(inputs.k, block.own, kv_head, width), operands.k);
    const auto v = operand<W>(head_of(inputs.v, block.own, kv_head, width), operands.v);
    const auto d = operand<W>(d_exact, operands.d_out);
    const auto scores = scratch.scores.reshape(block.queries.size(), block.own.size());
    const auto d_scores = scratch.d_scores.reshape(block.queries.size(), block.own.size());
    multiply(scores, q, transposed(k), scale);
    multiply(d_scores, d, transposed(v));
    row_products(d_exact, head_of(out, block.queries, head, width), scratch.mixed.data());
    causal_softmax_backward(scores, d_scores, queries.positions.data() + block.queries.begin,
                            log_sums.row(block.queries.begin) + head, log_sums.stride, scratch.mixed.data(), scale);
    const MatrixView<const W> shares = operand<W, T>(scores, operands.scores);
    const MatrixView<const W> d_shares = operand<W, T>(d_scores, operands.d_scores);
    multiply(head_of(gradients.q, block.queries, head, width), Operand<W>{d_shares}, Operand<W>{k});
    multiply(head_of(gradients.k, block.own, kv_head, width), transposed(d_shares), Operand<W>{q}, T{1}, T{1});
    multiply(head_of(gradients.v, block.own, kv_head, width), transposed(shares), Operand<W>{d}, T{1}, T{1});
  });
}

}  // namespace

template <class T>
void attend(const HeadShape& shape, Precision precision, const Packed& tokens, const Packed& queries,
            const AttentionInputs<T>& inputs, MatrixView<T> out, MatrixView<T> log_sums, Scratch<T>& scratch) {
  if constexpr (std::is_same_v<T, float>) {
    if (precision == Precision::bf16)
      return attend_with(shape, tokens, queries, inputs, out, log_sums, scratch.scores, scratch.rounded);
  }
  AttentionOperands<T> as_they_are;
  attend_with(shape, tokens, queries, inputs, out, log_sums, scratch.scores, as_they_are);
}

template <class T>
void attend_backward(const HeadShape& shape, Precision precision, const Packed& tokens, const Packed& queries,
                     const AttentionInputs<T>& inputs, MatrixView<const T> out, MatrixView<const T> log_sums,
                     MatrixView<const T> d_out, const AttentionGradients<T>& gradients, Scratch<T>& scratch) {
  EDGEFUSE_EXPECTS(tokens.prefix == 0, "a pass whose rows share nothing: only those go backward");
  clear(gradients.k);
  clear(gradients.v);
  scratch.mixed.resize(static_cast<std::size_t>(query_block));
  if constexpr (std::is_same_v<T, float>) {
    if (precision == Precision::bf16)
      return attend_backward_with(shape, tokens, queries, inputs, out, log_sums, d_out, gradients, scratch,
                                  scratch.rounded);
  }
  AttentionOperands<T> as_they_are;
  attend_backward_with(shape, tokens, queries, inputs, out, log_sums, d_out, gradients, scratch, as_they_are);
}

template void attend(const HeadShape&, Precision, const Packed&, const Packed&, const AttentionInputs<float>&,
                     MatrixView<float>, MatrixView<float>, Scratch<float>&);
template void attend(const HeadShape&, Precision, const Packed&, const Packed&, const AttentionInputs<double>&,
                     MatrixView<double>, MatrixView<double>, Scratch<double>&);
template void attend_backward(const HeadShape&, Precision, const Packed&, const Packed&, const AttentionInputs<float>&,
                              MatrixView<const float>, MatrixView<const float>, MatrixView<const float>,
                              const AttentionGradients<float>&, Scratch<float>&);
template void attend_backward(const HeadShape&, Precision, const Packed&, const Packed&, const AttentionInputs<double>&,
                              MatrixView<const double>, MatrixView<const double>, MatrixView<const double>,
                              const AttentionGradients<double>&, Scratch<double>&);

}  // namespace edgefuse::llm::engine
