#pragma once

#include <cstdint>

#include "llm/delta.hpp"

namespace edgefuse::server {

/// A change cut to a rank, and what that cost.
struct Truncated {
  llm::LowRank factors;   // B = U·S [out, k], A = V' [k, in]: orthonormal rows, falling S
  double lost = 0;        // ‖change - B·A‖_F, the root of the sum of the squared singular values cut off
  double lost_share = 0;  // lost / ‖change‖_F; 0 of a change that is zero
};

/// The best approximation of rank at most `rank` >= 0 in the Frobenius norm (Eckart and Young 1936); what FlexLoRA
/// (2402.11505) sends each client. k = min(rank, out, in), and of factors no more than they have.
///
/// Of factors the matrix is never formed (spectrum_of). In float64, the result in the type of the change; `lost` is
/// without that last rounding.
///
/// Of two triplets with one singular value any rotation would do, and of each vector either sign: of a row of A, the
/// first of its largest entries is positive. Numbers must be finite.
[[nodiscard]] Truncated truncated(const llm::ModuleDelta& change, std::int64_t rank);

}  // namespace edgefuse::server
