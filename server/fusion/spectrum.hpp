#pragma once

#include <ATen/core/Tensor.h>

#include "llm/delta.hpp"

namespace edgefuse::server {

/// The thin singular value decomposition U·diag(S)·V', S falling; all float64.
struct Spectrum {
  at::Tensor u;   // [out, k]
  at::Tensor s;   // [k]
  at::Tensor vt;  // [k, in]
};

/// Of factors the matrix is never formed: B = Q_b·R_b, A' = Q_a·R_a, and the singular vectors of the small core
/// R_b·R_a' = P·S·W' make those of B·A, Q_b·P and Q_a·W; k = min(rank, out, in). Numbers must be finite.
[[nodiscard]] Spectrum spectrum_of(const llm::ModuleDelta& change);

}  // namespace edgefuse::server
