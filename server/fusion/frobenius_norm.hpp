#pragma once

#include "llm/delta.hpp"

namespace edgefuse::server {

/// ‖change‖_F in float64; of factors without their product: ‖B·A‖ = ‖R_b·R_a'‖ with B = Q_b·R_b and A' = Q_a·R_a, which
/// does not cancel as the trace of two Gram matrices may.
[[nodiscard]] double frobenius_norm(const llm::ModuleDelta& change);

}  // namespace edgefuse::server
