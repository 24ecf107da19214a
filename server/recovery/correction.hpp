#pragma once

#include <ATen/core/Tensor.h>

#include "llm/delta.hpp"
#include "server/recovery/recovery.hpp"

namespace edgefuse::server {

/// One module in the orientation of this program: y = W·x, so what the adapter reads of x is A·x.
struct CorrectionInput {
  at::Tensor base;     // W, [out, in]
  at::Tensor variant;  // W_E [out', in'], leading rows and columns; zero beyond
  at::Tensor a;        // A, [r, in']
  at::Tensor b;        // s·B, [out', r]
};

/// EMLoC's correction (2506.12015), which needs no data. In the directions that the adapter reads, the base answers
/// otherwise than the variant that the adapter was trained on; what it answers more is taken off B:
///
///     A = P·Σ·Q  (thin SVD: P [r, k], Q [k, in'] with orthonormal rows, k the rank of A)
///     B̂ = s·B·P·Σ                                B̂·Q = s·B·A
///     D = (W - W_E)·Q'                           [out, k]
///     C_j = D_j·min(1, limit / ratio_j)          for each column j, ratio_j = mean|D_j| / mean|B̂_j|
///     ΔW = (B̂ - C)·Q = (s·B - C·Σ⁻¹·P')·A        A stays as it is, so that factors can still be averaged
///
/// Unclipped, (W + ΔW)·Q' = (W_E + s·B·A)·Q'. A column moves by mean|·| ≤ limit·mean|B̂_j|, so one that says nothing is
/// left alone. EMLoC writes A [in, r] = U·S·V' and B [r, out], and returns Q and B̂ - C: its U is Q', its rows are our
/// columns. Its code leaves s out of B̂; with s in it the answers above are equal whatever s is.
///
/// A has zeros in the base's columns beyond in'. In float64, rounded once. The same change, bit for bit, where
/// W[:, :in'] = W_E: so always for o and down of a structured variant, whose other projections change in the rows that
/// the variant lacked.
[[nodiscard]] llm::LowRank corrected(const CorrectionInput& module, double limit);

/// "correction": zero-fill, then the above for every module; parameter `limit` 3.
[[nodiscard]] Method<Recovery> correction_recovery();

}  // namespace edgefuse::server
