#include "llm/engine/block.hpp"

#include <algorithm>
#include <array>

#include "llm/engine/kernels.hpp"

namespace edgefuse::llm::engine {
namespace {

template <class T>
void copy(MatrixView<const T> from, MatrixView<T> to) {
  for (std::int64_t i = 0; i < from.rows; ++i)
    std::copy_n(from.row(i), from.cols, to.row(i));
}

template <class T>
void gather_rows(MatrixView<const T> from, std::span<const std::int64_t> indices, MatrixView<T> to) {
  for (std::int64_t i = 0; i < to.rows; ++i)
    std::copy_n(from.row(indices[static_cast<std::size_t>(i)]), to.cols, to.row(i));
}

/// to[indices[i]] += from[i]; an index comes once at most.
template <class T>
void add_rows_at(MatrixView<const T> from, std::span<const std::int64_t> indices, MatrixView<T> to) {
  for (std::int64_t i = 0; i < from.rows; ++i) {
    const T* source = from.row(i);
    T* target = to.row(indices[static_cast<std::size_t>(i)]);
    for (std::int64_t j = 0; j < from.cols; ++j)
      target[j] += source[j];
  }
}

template <class T>
T* sized(std::vector<T>& numbers, std::int64_t count) {
  numbers.resize(static_cast<std::size_t>(count));
  return numbers.data();
}

/// [rows, heads·head_dim] seen as [rows·heads, head_dim], for the norms of single heads.
template <class T>
MatrixView<T> by_head(MatrixView<T> x, std::int64_t head_dim) {
  return {x.data, x.rows * (x.cols / head_dim), head_dim, head_dim};
}

/// Lays matrices one behind the other into one memory, each at the start of a cache line.
template <class T>
class Parts {
 public:
  /// `numbers`: the sum of `room` of all that will be placed.
  Parts(Matrix<T>& memory, std::int64_t numbers) : next_{memory.reshape(1, numbers).data} {}

  [[nodiscard]] static std::int64_t room(std::int64_t rows, std::int64_t cols) {
    constexpr std::int64_t line = 64 / sizeof(T);
    return (rows * cols + line - 1) / line * line;
  }
  MatrixView<T> place(std::int64_t rows, std::int64_t cols) {
    const MatrixView<T> view{next_, rows, cols, cols};
    next_ += room(rows, cols);
    return view;
  }

 private:
  T* next_;
};

template <class T>
const T* numbers(const at::Tensor& tensor) {
  return tensor.data_ptr<T>();
}

Layer contiguous_norms(const Layer& layer) {
  Layer norms;
  norms.input_norm = layer.input_norm.contiguous();
  norms.post_attn_norm = layer.post_attn_norm.contiguous();
  if (layer.q_norm.defined()) norms.q_norm = layer.q_norm.contiguous();
  if (layer.k_norm.defined()) norms.k_norm = layer.k_norm.contiguous();
  return norms;
}

}  // namespace

template <class T>
Block<T>::Block(const Model& model, std::size_t index, Precision precision)
    : index_{index},
      shape_{model.layers[index].q.out() / model.config.head_dim, model.kv_heads(index), model.config.head_dim},
      precision_{precision},
      eps_{model.config.rms_norm_eps},
      qk_norm_{model.config.qk_norm},
      norms_{contiguous_norms(model.layers[index])},
      q_{model.layers[index], index, Site::q, precision},
      kv_{model.layers[index], index, Site::kv, precision},
      o_{model.layers[index], index, Site::o, precision},
      gate_up_{model.layers[index], index, Site::gate_up, precision},
      down_{model.layers[index], index, Site::down, precision} {}

template <class T>
void Block<T>::project_and_turn(const PassView<T>& pass, const GangFactors<T>& factors, MatrixView<const T> x_queries,
                                BlockState<T>& state, Scratch<T>& scratch) const {
  const std::int64_t tokens = pass.tokens.size();
  const std::array q = {state.q.reshape(pass.queries.size(), q_.out(0))};
  const std::array kv = {state.k.reshape(tokens, kv_.out(0)), state.v.reshape(tokens, kv_.out(1))};
  using Output = typename AdaptedSite<T>::Output;
  q_.forward(factors, pass.queries, x_queries, q, Output::write, state.hidden_of(Site::q), scratch);
  kv_.forward(factors, pass.tokens, state.x1.view(), kv, Output::write, state.hidden_of(Site::kv), scratch);
  if (qk_norm_) {
    const auto normalise = [&](MatrixView<T> x, Matrix<T>& plain, const at::Tensor& weight, std::vector<T>& inverse) {
      copy<T>(x, plain.reshape(x.rows, x.cols));
      const auto heads = by_head(x, shape_.head_dim);
      rms_norm(heads, numbers<T>(weight), eps_, heads, sized(inverse, heads.rows));
    };
    normalise(q[0], state.q_plain, norms_.q_norm, state.inverse_q);
    normalise(kv[0], state.k_plain, norms_.k_norm, state.inverse_k);
  }
  rotate(q[0], pass.queries.positions, pass.cos, pass.sin, Turn::forth);
  rotate(kv[0], pass.tokens.positions, pass.cos, pass.sin, Turn::forth);
}

template <class T>
void Block<T>::forward(const PassView<T>& pass, const GangFactors<T>& factors, MatrixView<const T> x, MatrixView<T> out,
                       BlockState<T>& state, Scratch<T>& scratch) const {
  using Output = typename AdaptedSite<T>::Output;
  const std::int64_t queries = pass.queries.size();
  const auto x1 = state.x1.reshape(x.rows, x.cols);
  rms_norm(x, numbers<T>(norms_.input_norm), eps_, x1, sized(state.inverse1, x.rows));
  MatrixView<const T> x_queries = x;
  MatrixView<const T> x1_queries = x1;
  if (!pass.gather.empty()) {
    gather_rows<T>(x, pass.gather, state.x_queries.reshape(queries, x.cols));
    gather_rows<T>(x1, pass.gather, state.x1_queries.reshape(queries, x.cols));
    x_queries = state.x_queries.view();
    x1_queries = state.x1_queries.view();
  }
  project_and_turn(pass, factors, x1_queries, state, scratch);
  attend<T>(shape_, precision_, pass.tokens, pass.queries, {state.q.view(), state.k.view(), state.v.view()},
            state.mixed.reshape(queries, q_.out(0)), state.log_sums.reshape(queries, shape_.heads), scratch);

  const std::array middle = {state.middle.reshape(queries, x.cols)};
  copy<T>(x_queries, middle[0]);
  o_.forward(factors, pass.queries, state.mixed.view(), middle, Output::add, state.hidden_of(Site::o), scratch);

  const auto x2 = state.x2.reshape(queries, x.cols);
  rms_norm(middle[0], numbers<T>(norms_.post_attn_norm), eps_, x2, sized(state.inverse2, queries));
  const std::array gate_up = {state.gate.reshape(queries, gate_up_.out(0)), state.up.reshape(queries, gate_up_.out(1))};
  gate_up_.forward(factors, pass.queries, x2, gate_up, Output::write, state.hidden_of(Site::gate_up), scratch);
  const auto act = state.act.reshape(queries, gate_up_.out(0));
  swiglu(gate_up[0], gate_up[1], act);
  copy<T>(middle[0], out);
  const std::array sum = {out};
  down_.forward(factors, pass.queries, act, sum, Output::add, state.hidden_of(Site::down), scratch);
}

template <class T>
bool Block<T>::mlp_backward(const PassView<T>& pass, GangFactors<T>& factors, MatrixView<T> d_middle, bool need_input,
                            BlockState<T>& state, BlockGradients<T>& gradients, Scratch<T>& scratch) const {
  using Output = typename AdaptedSite<T>::Output;
  const auto needed_before = [&](Site site) { return need_input || factors.adapted_before(index_, site); };
  const auto act = state.act.view();
  Parts<T> parts{gradients.inner, 2 * Parts<T>::room(act.rows, act.cols)};
  const auto d_act = parts.place(act.rows, act.cols);
  const std::array<MatrixView<const T>, 1> d_out = {d_middle};
  const bool before_down = needed_before(Site::down);
  down_.backward(factors, pass.queries, act, state.hidden_of(Site::down), d_out, before_down ? &d_act : nullptr,
                 Output::write, scratch);
  if (!before_down) return false;
  const auto d_up = parts.place(act.rows, act.cols);
  swiglu_backward(state.gate.view(), state.up.view(), d_act, d_up);
  const std::array<MatrixView<const T>, 2> d_gate_up = {d_act, d_up};
  const auto d_x2 = gradients.x.reshape(d_middle.rows, d_middle.cols);
  const bool before_gate_up = needed_before(Site::gate_up);
  gate_up_.backward(factors, pass.queries, state.x2.view(), state.hidden_of(Site::gate_up), d_gate_up,
                    before_gate_up ? &d_x2 : nullptr, Output::write, scratch);
  if (!before_gate_up) return false;
  rms_norm_backward(d_x2, state.middle.view(), numbers<T>(norms_.post_attn_norm), state.inverse2.data(), d_middle);
  return true;
}

template <class T>
bool Block<T>::attention_backward(const PassView<T>& pass, GangFactors<T>& factors, MatrixView<const T> d_middle,
                                  bool need_input, BlockState<T>& state, BlockGradients<T>& gradients,
                                  Scratch<T>& scratch) const {
  using Output = typename AdaptedSite<T>::Output;
  const bool before_o = need_input || factors.adapted_before(index_, Site::o);
  const auto mixed = state.mixed.view();
  const auto q = state.q.view();
  const auto k = state.k.view();
  Parts<T> parts{gradients.inner, 2 * Parts<T>::room(q.rows, q.cols) + 2 * Parts<T>::room(k.rows, k.cols)};
  const auto d_mixed = parts.place(mixed.rows, mixed.cols);
  const std::array d_out = {d_middle};
  o_.backward(factors, pass.queries, mixed, state.hidden_of(Site::o), d_out, before_o ? &d_mixed : nullptr,
              Output::write, scratch);
  if (!before_o) return false;
  const AttentionGradients<T>& d =
      gradients.heads = {parts.place(q.rows, q.cols), parts.place(k.rows, k.cols), parts.place(k.rows, k.cols)};
  attend_backward<T>(shape_, precision_, pass.tokens, pass.queries, {q, k, state.v.view()}, mixed,
                     state.log_sums.view(), d_mixed, d, scratch);
  rotate(d.q, pass.queries.positions, pass.cos, pass.sin, Turn::back);
  rotate(d.k, pass.tokens.positions, pass.cos, pass.sin, Turn::back);
  if (qk_norm_) {
    const auto undo = [&](MatrixView<T> dx, Matrix<T>& plain, const at::Tensor& weight, const std::vector<T>& inverse) {
      // The norm adds to its input's gradient: the plain values make room for that of the output.
      Matrix<T>& spare = gradients.x;
      const auto dy = spare.reshape(dx.rows, dx.cols);
      copy<T>(dx, dy);
      clear(dx);
      rms_norm_backward(by_head<T>(dy, shape_.head_dim), by_head<T>(plain.view(), shape_.head_dim), numbers<T>(weight),
                        inverse.data(), by_head(dx, shape_.head_dim));
    };
    undo(d.q, state.q_plain, norms_.q_norm, state.inverse_q);
    undo(d.k, state.k_plain, norms_.k_norm, state.inverse_k);
  }
  return true;
}

template <class T>
void Block<T>::inputs_backward(const PassView<T>& pass, GangFactors<T>& factors, bool need_input, BlockState<T>& state,
                               BlockGradients<T>& gradients, Scratch<T>& scratch) const {
  using Output = typename AdaptedSite<T>::Output;
  const bool gathered = !pass.gather.empty();
  const auto x1 = state.x1.view();
  const auto d_x1 = gradients.x.reshape(x1.rows, x1.cols);
  const std::array<MatrixView<const T>, 2> d_kv = {gradients.heads.k, gradients.heads.v};
  kv_.backward(factors, pass.tokens, x1, state.hidden_of(Site::kv), d_kv, need_input ? &d_x1 : nullptr, Output::write,
               scratch);
  const std::array<MatrixView<const T>, 1> d_q = {gradients.heads.q};
  const auto x1_queries = gathered ? state.x1_queries.view() : x1;
  const auto d_x1_queries = gathered ? gradients.x1_queries.reshape(x1_queries.rows, x1_queries.cols) : d_x1;
  q_.backward(factors, pass.queries, x1_queries, state.hidden_of(Site::q), d_q, need_input ? &d_x1_queries : nullptr,
              gathered ? Output::write : Output::add, scratch);
  if (need_input && gathered) add_rows_at<T>(d_x1_queries, pass.gather, d_x1);
}

template <class T>
void Block<T>::backward(const PassView<T>& pass, GangFactors<T>& factors, MatrixView<const T> x, MatrixView<T> d_out,
                        const MatrixView<T>* dx, BlockState<T>& state, BlockGradients<T>& gradients,
                        Scratch<T>& scratch) const {
  const bool need_input = dx != nullptr;
  if (!mlp_backward(pass, factors, d_out, need_input, state, gradients, scratch)) return;
  if (!attention_backward(pass, factors, d_out, need_input, state, gradients, scratch)) return;
  inputs_backward(pass, factors, need_input, state, gradients, scratch);
  if (!need_input) return;
  if (pass.gather.empty()) {
    copy<T>(d_out, *dx);
  } else {
    clear(*dx);
    add_rows_at<T>(d_out, pass.gather, *dx);
  }
  rms_norm_backward(gradients.x.view(), x, numbers<T>(norms_.input_norm), state.inverse1.data(), *dx);
}

template class Block<float>;
template class Block<double>;

}  // namespace edgefuse::llm::engine
