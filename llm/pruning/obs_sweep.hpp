#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "llm/pruning/input_gram.hpp"
#include "llm/pruning/sparsity.hpp"

namespace edgefuse::llm {

/// The curvature of a projection's squared output error on the calibration texts, the same for each of its rows:
///
///     H = 2/n · X'X + damping · mean(diag H) · I,   H^-1 = U'U
///
/// n texts, U [in, in] upper triangular, float64. A dead input, which is 0 in all texts, has H_jj = 1 before damping.
struct InverseCurvature {
  at::Tensor factor;  // U
  at::Tensor dead;    // [in] bool
};
/// `damping` > 0.
[[nodiscard]] InverseCurvature inverse_curvature(const InputGram& gram, double damping);

/// SparseGPT's sweep over the columns of `weight` [out, in] from left to right (2301.00774, algorithm 1). A zero at
/// column j costs w_j² / U_jj², and the weights to its right take over: w_k -= w_j / U_jj · U_jk, the optimal brain
/// surgeon's update among the columns not yet passed. Weights of dead inputs are 0 from the start.
///
/// Which weights go is decided with what they have become by then: `block` columns at a time, over all rows together,
/// floor(ratio · count) of them; or for N:M, of each M neighbours in a row when the sweep reaches them. `zeros`
/// [out, in] bool have to go and count; of equal costs the first in row-major order goes first.
[[nodiscard]] at::Tensor obs_sweep(const at::Tensor& weight, const InverseCurvature& curvature,
                                   const Sparsity& sparsity, const at::Tensor& zeros, std::int64_t block);

}  // namespace edgefuse::llm
