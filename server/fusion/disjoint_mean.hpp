#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace edgefuse::server {

// TIES' second and third step (2306.01708) on dense, contiguous float32 changes of one shape.

/// Σ over entries of sign(Σ_i D_i): positive when more entries are elected positive than negative.
[[nodiscard]] std::int64_t sign_balance(std::span<const at::Tensor> changes);

/// Entry by entry, λ times the weighted mean of the changes whose sign is that of the weighted sum of all: with γ the
/// sign of Σ w_i D_i, λ · Σ w_i D_i / Σ w_i over those with sign(D_i) = γ. Where the sum is exactly 0, over those that
/// are positive (negative if `balance` is below 0); 0 where there is none. Weights are not negative.
[[nodiscard]] at::Tensor disjoint_mean(std::span<const at::Tensor> changes, std::span<const double> weights,
                                       std::int64_t balance, double lambda);

/// The same with weights of 1.
[[nodiscard]] at::Tensor disjoint_mean(std::span<const at::Tensor> changes, std::int64_t balance, double lambda);

}  // namespace edgefuse::server
