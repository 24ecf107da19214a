#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace edgefuse::server {

// TIES' second and third step (2306.01708) on dense, contiguous float32 changes of one shape.

/// Σ over entries of sign(Σ_i D_i): positive when more entries are elected positive than negative.
[[nodiscard]] std::int64_t sign_balance(std::span<const at::Tensor> changes);

/// Entry by entry, λ times the mean of the changes whose sign is that of the sum of all; where the sum is exactly 0,
/// of those that are positive (negative if `balance` is below 0); 0 where there is none.
[[nodiscard]] at::Tensor disjoint_mean(std::span<const at::Tensor> changes, std::int64_t balance, double lambda);

}  // namespace edgefuse::server
