#include "llm/engine/head.hpp"

#include <algorithm>
#include <type_traits>

#include <ATen/ATen.h>

#include "llm/engine/kernels.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm::engine {
namespace {

at::Tensor chosen_rows(const at::Tensor& head, std::span<const std::int64_t> candidates) {
  const at::Tensor rows =
      at::empty({static_cast<std::int64_t>(candidates.size())}, at::TensorOptions().dtype(at::kLong));
  std::copy(candidates.begin(), candidates.end(), rows.data_ptr<std::int64_t>());
  return head.index_select(0, rows);
}

/// The losses, and their gradient in the memory of the logits.
template <class T>
ProductInput<T> loss_gradient(MatrixView<T> logits, Precision precision, const std::int64_t* targets,
                              const double* weights, double* nll) {
  if constexpr (std::is_same_v<T, float>) {
    if (precision == Precision::bf16) return {{}, cross_entropy_to_bf16(logits, targets, weights, nll)};
  }
  cross_entropy(logits, targets, weights, nll);
  return {logits, {}};
}

}  // namespace

template <class T>
Head<T>::Head(const Model& model, Precision precision)
    : eps_{model.config.rms_norm_eps},
      precision_{precision},
      norm_{model.final_norm.contiguous()},
      weight_{model.head, model.held_head, precision} {}

template <class T>
Head<T>::Head(const Model& model, Precision precision, std::span<const std::int64_t> candidates)
    : eps_{model.config.rms_norm_eps},
      precision_{precision},
      norm_{model.final_norm.contiguous()},
      weight_{chosen_rows(model.head, candidates), {}, precision} {}

template <class T>
MatrixView<T> Head<T>::normalise(MatrixView<const T> x) {
  inverse_rms_.resize(static_cast<std::size_t>(x.rows));
  const auto normalised = normalised_.reshape(x.rows, x.cols);
  rms_norm(x, norm_.data_ptr<T>(), eps_, normalised, inverse_rms_.data());
  return normalised;
}

template <class T>
void Head<T>::logits(MatrixView<const T> x, MatrixView<T> out, Scratch<T>& scratch) {
  weight_.forward(product_input<T>(normalise(x), precision_, scratch.products), out, T{0}, scratch.products);
}

template <class T>
template <class F>
void Head<T>::for_each_chunk(MatrixView<const T> x, Scratch<T>& scratch, const F& f) {
  const auto normalised = normalise(x);
  const std::int64_t rows = rows_at_once(vocabulary());
  for (std::int64_t begin = 0; begin < x.rows; begin += rows) {
    const auto chunk = normalised.row_range(begin, std::min(begin + rows, x.rows));
    const auto chunk_logits = logits_.reshape(chunk.rows, vocabulary());
    weight_.forward(product_input<T>(chunk, precision_, scratch.products), chunk_logits, T{0}, scratch.products);
    f(begin, chunk, chunk_logits);
  }
}

template <class T>
void Head<T>::losses(MatrixView<const T> x, std::span<const std::int64_t> targets, std::span<double> nll,
                     Scratch<T>& scratch) {
  for_each_chunk(x, scratch, [&](std::int64_t begin, MatrixView<T>, MatrixView<T> chunk) {
    cross_entropy(chunk, targets.data() + begin, nullptr, nll.data() + begin);
  });
}

template <class T>
void Head<T>::losses_backward(MatrixView<const T> x, std::span<const std::int64_t> targets,
                              std::span<const double> weights, std::span<double> nll, MatrixView<T> dx,
                              Scratch<T>& scratch) {
  for_each_chunk(x, scratch, [&](std::int64_t begin, MatrixView<T> normalised, MatrixView<T> chunk) {
    const auto d_chunk =
        loss_gradient(chunk, precision_, targets.data() + begin, weights.data() + begin, nll.data() + begin);
    weight_.backward(d_chunk, normalised, T{0}, scratch.products);  // whose rows no product reads again
  });
  clear(dx);
  rms_norm_backward(normalised_.view(), x, norm_.data_ptr<T>(), inverse_rms_.data(), dx);
}

template class Head<float>;
template class Head<double>;

}  // namespace edgefuse::llm::engine
