#include "llm/engine/kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>

#include "llm/engine/vectorised.hpp"

namespace edgefuse::llm::engine {
namespace {

template <class T>
EDGEFUSE_INLINE void rms_norm_rows(MatrixView<const T> x, const T* weight, double eps, MatrixView<T> y,
                                   T* inverse_rms) {
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const T* in = x.row(i);
    T* out = y.row(i);
    const T squares = lane_sum<T>(x.cols, [=](std::int64_t j) { return in[j] * in[j]; });
    // Where squares overflow, 1/∞ would pass a training that went astray off as one that has nothing to learn.
    const T inverse = std::isinf(squares) ? std::numeric_limits<T>::quiet_NaN()
                                          : T{1} / std::sqrt(squares / static_cast<T>(x.cols) + static_cast<T>(eps));
    for (std::int64_t j = 0; j < x.cols; ++j)
      out[j] = in[j] * inverse * weight[j];
    inverse_rms[i] = inverse;
  }
}

template <class T>
EDGEFUSE_INLINE void rms_norm_backward_rows(MatrixView<const T> dy, MatrixView<const T> x, const T* weight,
                                            const T* inverse_rms, MatrixView<T> dx) {
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const T* in = x.row(i);
    const T* grad = dy.row(i);
    T* out = dx.row(i);
    const T inverse = inverse_rms[i];
    const T sum = lane_sum<T>(x.cols, [=](std::int64_t j) { return grad[j] * weight[j] * in[j]; });
    const T along = sum * inverse * inverse * inverse / static_cast<T>(x.cols);
    for (std::int64_t j = 0; j < x.cols; ++j)
      out[j] += grad[j] * weight[j] * inverse - in[j] * along;
  }
}

template <class T>
EDGEFUSE_INLINE void rotate_rows(MatrixView<T> x, std::span<const std::int64_t> positions, MatrixView<const T> cos,
                                 MatrixView<const T> sin, Turn turn) {
  const std::int64_t half = cos.cols;
  const T sign = turn == Turn::forth ? T{1} : T{-1};
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const T* c = cos.row(positions[static_cast<std::size_t>(i)]);
    const T* s = sin.row(positions[static_cast<std::size_t>(i)]);
    for (std::int64_t head = 0; head < x.cols; head += 2 * half) {
      T* first = x.row(i) + head;
      T* second = first + half;
      for (std::int64_t j = 0; j < half; ++j) {
        const T a = first[j];
        const T b = second[j];
        first[j] = a * c[j] - b * (sign * s[j]);
        second[j] = b * c[j] + a * (sign * s[j]);
      }
    }
  }
}

template <class T>
EDGEFUSE_INLINE void swiglu_rows(MatrixView<const T> gate, MatrixView<const T> up, MatrixView<T> y) {
  for (std::int64_t i = 0; i < gate.rows; ++i) {
    const T* g = gate.row(i);
    const T* u = up.row(i);
    T* out = y.row(i);
    for (std::int64_t j = 0; j < gate.cols; ++j)
      out[j] = g[j] / (T{1} + exponential(-g[j])) * u[j];
  }
}

template <class T>
EDGEFUSE_INLINE void swiglu_backward_rows(MatrixView<const T> gate, MatrixView<const T> up, MatrixView<T> dy,
                                          MatrixView<T> dup) {
  for (std::int64_t i = 0; i < gate.rows; ++i) {
    const T* g = gate.row(i);
    const T* u = up.row(i);
    T* d = dy.row(i);
    T* du = dup.row(i);
    for (std::int64_t j = 0; j < gate.cols; ++j) {
      const T sigmoid = T{1} / (T{1} + exponential(-g[j]));
      const T silu = g[j] * sigmoid;
      du[j] = d[j] * silu;
      d[j] = d[j] * u[j] * (sigmoid + silu * (T{1} - sigmoid));
    }
  }
}

template <class T>
EDGEFUSE_INLINE void causal_softmax_rows(MatrixView<T> scores, const std::int64_t* positions, T* log_sums,
                                         std::int64_t step) {
  for (std::int64_t i = 0; i < scores.rows; ++i) {
    T* row = scores.row(i);
    const std::int64_t seen = positions[i] + 1;
    const T best = lane_max(seen, row);
    for (std::int64_t j = 0; j < seen; ++j)
      row[j] = exponential(row[j] - best);
    const T sum = lane_sum<T>(seen, [=](std::int64_t j) { return row[j]; });
    const T inverse = T{1} / sum;
    for (std::int64_t j = 0; j < seen; ++j)
      row[j] *= inverse;
    for (std::int64_t j = seen; j < scores.cols; ++j)
      row[j] = 0;
    log_sums[i * step] = best + std::log(sum);
  }
}

template <class T>
EDGEFUSE_INLINE void causal_softmax_backward_rows(MatrixView<T> scores, MatrixView<T> dp, const std::int64_t* positions,
                                                  const T* log_sums, std::int64_t step, const T* mixed, T scale) {
  for (std::int64_t i = 0; i < scores.rows; ++i) {
    T* p = scores.row(i);
    T* d = dp.row(i);
    const std::int64_t seen = positions[i] + 1;
    const T log_sum = log_sums[i * step];
    const T mean = seen == 1 ? d[0] : mixed[i];  // a softmax of one has no gradient, and rounding must not make it one
    for (std::int64_t j = 0; j < seen; ++j) {
      p[j] = exponential(p[j] - log_sum);
      d[j] = p[j] * (d[j] - mean) * scale;
    }
    for (std::int64_t j = seen; j < scores.cols; ++j)
      p[j] = d[j] = 0;
  }
}

template <class T>
EDGEFUSE_INLINE void row_products_rows(MatrixView<const T> a, MatrixView<const T> b, T* sums) {
  for (std::int64_t i = 0; i < a.rows; ++i) {
    const T* left = a.row(i);
    const T* right = b.row(i);
    sums[i] = lane_sum<T>(a.cols, [=](std::int64_t j) { return left[j] * right[j]; });
  }
}

/// A row's softmax before its division by `sum`, and the loss of `target`.
struct RowLoss {
  double nll;
  double sum;
};

template <class T>
EDGEFUSE_INLINE RowLoss row_loss(T* row, std::int64_t count, std::int64_t target) {
  const T best = lane_max(count, row);
  const T wanted = row[target];
  for (std::int64_t j = 0; j < count; ++j)
    row[j] = exponential(row[j] - best);
  const auto sum = static_cast<double>(lane_sum<T>(count, [=](std::int64_t j) { return row[j]; }));
  return {static_cast<double>(best - wanted) + std::log(sum), sum};
}

template <class T>
EDGEFUSE_INLINE void cross_entropy_rows(MatrixView<T> logits, const std::int64_t* targets, const double* weights,
                                        double* nll) {
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    T* row = logits.row(i);
    const RowLoss loss = row_loss(row, logits.cols, targets[i]);
    nll[i] = loss.nll;
    if (weights == nullptr) continue;
    const T factor = static_cast<T>(weights[i] / loss.sum);
    for (std::int64_t j = 0; j < logits.cols; ++j)
      row[j] *= factor;
    row[targets[i]] -= static_cast<T>(weights[i]);
  }
}

/// row · factor in bf16, into the front half of the row's own memory: what is written never reaches what is still read.
EDGEFUSE_INLINE void scale_to_bf16(float* row, std::int64_t count, float factor) {
  constexpr std::int64_t width = 64;
  auto* const target = reinterpret_cast<std::byte*>(row);
  std::array<std::uint16_t, width> bits;
  for (std::int64_t begin = 0; begin < count; begin += width) {
    const std::int64_t size = std::min(width, count - begin);
    for (std::int64_t j = 0; j < size; ++j)
      bits[static_cast<std::size_t>(j)] = bf16_bits(row[begin + j] * factor);
    std::memcpy(target + 2 * begin, bits.data(), static_cast<std::size_t>(2 * size));
  }
}

}  // namespace

EDGEFUSE_VECTORISED void rms_norm(MatrixView<const float> x, const float* weight, double eps, MatrixView<float> y,
                                  float* inverse_rms) {
  rms_norm_rows(x, weight, eps, y, inverse_rms);
}
void rms_norm(MatrixView<const double> x, const double* weight, double eps, MatrixView<double> y, double* inverse_rms) {
  rms_norm_rows(x, weight, eps, y, inverse_rms);
}

EDGEFUSE_VECTORISED void rms_norm_backward(MatrixView<const float> dy, MatrixView<const float> x, const float* weight,
                                           const float* inverse_rms, MatrixView<float> dx) {
  rms_norm_backward_rows(dy, x, weight, inverse_rms, dx);
}
void rms_norm_backward(MatrixView<const double> dy, MatrixView<const double> x, const double* weight,
                       const double* inverse_rms, MatrixView<double> dx) {
  rms_norm_backward_rows(dy, x, weight, inverse_rms, dx);
}

EDGEFUSE_VECTORISED void rotate(MatrixView<float> x, std::span<const std::int64_t> positions,
                                MatrixView<const float> cos, MatrixView<const float> sin, Turn turn) {
  rotate_rows(x, positions, cos, sin, turn);
}
void rotate(MatrixView<double> x, std::span<const std::int64_t> positions, MatrixView<const double> cos,
            MatrixView<const double> sin, Turn turn) {
  rotate_rows(x, positions, cos, sin, turn);
}

EDGEFUSE_VECTORISED void swiglu(MatrixView<const float> gate, MatrixView<const float> up, MatrixView<float> y) {
  swiglu_rows(gate, up, y);
}
void swiglu(MatrixView<const double> gate, MatrixView<const double> up, MatrixView<double> y) {
  swiglu_rows(gate, up, y);
}

EDGEFUSE_VECTORISED void swiglu_backward(MatrixView<const float> gate, MatrixView<const float> up, MatrixView<float> dy,
                                         MatrixView<float> dup) {
  swiglu_backward_rows(gate, up, dy, dup);
}
void swiglu_backward(MatrixView<const double> gate, MatrixView<const double> up, MatrixView<double> dy,
                     MatrixView<double> dup) {
  swiglu_backward_rows(gate, up, dy, dup);
}

EDGEFUSE_VECTORISED void causal_softmax(MatrixView<float> scores, const std::int64_t* positions, float* log_sums,
                                        std::int64_t step) {
  causal_softmax_rows(scores, positions, log_sums, step);
}
void causal_softmax(MatrixView<double> scores, const std::int64_t* positions, double* log_sums, std::int64_t step) {
  causal_softmax_rows(scores, positions, log_sums, step);
}

EDGEFUSE_VECTORISED void causal_softmax_backward(MatrixView<float> scores, MatrixView<float> dp,
                                                 const std::int64_t* positions, const float* log_sums,
                                                 std::int64_t step, const float* mixed, float scale) {
  causal_softmax_backward_rows(scores, dp, positions, log_sums, step, mixed, scale);
}
void causal_softmax_backward(MatrixView<double> scores, MatrixView<double> dp, const std::int64_t* positions,
                             const double* log_sums, std::int64_t step, const double* mixed, double scale) {
  causal_softmax_backward_rows(scores, dp, positions, log_sums, step, mixed, scale);
}

EDGEFUSE_VECTORISED void round_to_bf16(MatrixView<const float> x, MatrixView<c10::BFloat16> y) {
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const float* in = x.row(i);
    c10::BFloat16* out = y.row(i);
    for (std::int64_t j = 0; j < x.cols; ++j)
      out[j].x = bf16_bits(in[j]);
  }
}

EDGEFUSE_VECTORISED void row_products(MatrixView<const float> a, MatrixView<const float> b, float* sums) {
  row_products_rows(a, b, sums);
}
void row_products(MatrixView<const double> a, MatrixView<const double> b, double* sums) {
  row_products_rows(a, b, sums);
}

EDGEFUSE_VECTORISED void cross_entropy(MatrixView<float> logits, const std::int64_t* targets, const double* weights,
                                       double* nll) {
  cross_entropy_rows(logits, targets, weights, nll);
}
void cross_entropy(MatrixView<double> logits, const std::int64_t* targets, const double* weights, double* nll) {
  cross_entropy_rows(logits, targets, weights, nll);
}

EDGEFUSE_VECTORISED MatrixView<c10::BFloat16> cross_entropy_to_bf16(MatrixView<float> logits,
                                                                    const std::int64_t* targets, const double* weights,
                                                                    double* nll) {
  const MatrixView<c10::BFloat16> gradient{reinterpret_cast<c10::BFloat16*>(logits.data), logits.rows, logits.cols,
                                           2 * logits.stride};
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    float* row = logits.row(i);
    const RowLoss loss = row_loss(row, logits.cols, targets[i]);
    nll[i] = loss.nll;
    const auto factor = static_cast<float>(weights[i] / loss.sum);
    const float at_target = row[targets[i]] * factor - static_cast<float>(weights[i]);
    scale_to_bf16(row, logits.cols, factor);
    gradient.row(i)[targets[i]].x = bf16_bits(at_target);
  }
  return gradient;
}

}  // namespace edgefuse::llm::engine
