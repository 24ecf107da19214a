#pragma once

#include <cstdint>
#include <span>

#include <c10/util/BFloat16.h>

#include "llm/matrix.hpp"

// The element-wise parts of a block as fused loops over contiguous numbers, each for float (vectorised for the CPU at
// hand) and double (exact enough for gradient checks). Sums run in a fixed order.
namespace edgefuse::llm::engine {

/// y = x · inverse_rms ∘ weight with inverse_rms = 1 / sqrt(mean(x²) + eps) for each row (Zhang and Sennrich,
/// 1910.07467). y may be x.
void rms_norm(MatrixView<const float> x, const float* weight, double eps, MatrixView<float> y, float* inverse_rms);
void rms_norm(MatrixView<const double> x, const double* weight, double eps, MatrixView<double> y, double* inverse_rms);

/// dx += the norm's backward of dy. With n = x·inverse_rms and g = dy ∘ weight: inverse_rms · (g - n·mean(g ∘ n)).
void rms_norm_backward(MatrixView<const float> dy, MatrixView<const float> x, const float* weight,
                       const float* inverse_rms, MatrixView<float> dx);
void rms_norm_backward(MatrixView<const double> dy, MatrixView<const double> x, const double* weight,
                       const double* inverse_rms, MatrixView<double> dx);

/// Turns every head of every row by its position's angles (in place), or back again: the backward of a rotation is its
/// inverse. `cos` and `sin` are [positions, head_dim / 2].
enum class Turn : bool { forth, back };
void rotate(MatrixView<float> x, std::span<const std::int64_t> positions, MatrixView<const float> cos,
            MatrixView<const float> sin, Turn turn);
void rotate(MatrixView<double> x, std::span<const std::int64_t> positions, MatrixView<const double> cos,
            MatrixView<const double> sin, Turn turn);

/// y = silu(gate) ∘ up.
void swiglu(MatrixView<const float> gate, MatrixView<const float> up, MatrixView<float> y);
void swiglu(MatrixView<const double> gate, MatrixView<const double> up, MatrixView<double> y);

/// `dy` becomes dgate, `dup` is written.
void swiglu_backward(MatrixView<const float> gate, MatrixView<const float> up, MatrixView<float> dy,
                     MatrixView<float> dup);
void swiglu_backward(MatrixView<const double> gate, MatrixView<const double> up, MatrixView<double> dy,
                     MatrixView<double> dup);

/// Row i of `scores` sees columns 0 .. positions[i] and becomes its softmax there, zero beyond. log_sums[i·step] is the
/// logarithm of its denominator.
void causal_softmax(MatrixView<float> scores, const std::int64_t* positions, float* log_sums, std::int64_t step);
void causal_softmax(MatrixView<double> scores, const std::int64_t* positions, double* log_sums, std::int64_t step);

/// From the same scores and log_sums: `scores` becomes the softmax P again, and `dp` = ∂/∂P becomes the gradient of
/// the scores, P ∘ (dp - mixed) · scale, with mixed[i] = Σ_j P_ij·dp_ij given.
void causal_softmax_backward(MatrixView<float> scores, MatrixView<float> dp, const std::int64_t* positions,
                             const float* log_sums, std::int64_t step, const float* mixed, float scale);
void causal_softmax_backward(MatrixView<double> scores, MatrixView<double> dp, const std::int64_t* positions,
                             const double* log_sums, std::int64_t step, const double* mixed, double scale);

/// y = x, each number rounded to the nearest bf16, ties to even.
void round_to_bf16(MatrixView<const float> x, MatrixView<c10::BFloat16> y);

/// sums[i] = Σ_j a_ij·b_ij.
void row_products(MatrixView<const float> a, MatrixView<const float> b, float* sums);
void row_products(MatrixView<const double> a, MatrixView<const double> b, double* sums);

/// nll[i] = -log softmax(logits_i)[targets[i]]. With `weights`, row i of `logits` becomes the gradient of
/// weights[i]·nll[i]; without (null) its contents are lost.
void cross_entropy(MatrixView<float> logits, const std::int64_t* targets, const double* weights, double* nll);
void cross_entropy(MatrixView<double> logits, const std::int64_t* targets, const double* weights, double* nll);

/// The same with `weights`, the gradient rounded to bf16: returned is where, in the memory of `logits`.
MatrixView<c10::BFloat16> cross_entropy_to_bf16(MatrixView<float> logits, const std::int64_t* targets,
                                                const double* weights, double* nll);

}  // namespace edgefuse::llm::engine
