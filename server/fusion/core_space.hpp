#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "llm/delta.hpp"
#include "server/fusion/contribution.hpp"

namespace edgefuse::server {

/// What low-rank changes of one module have in common (Core Space, 2509.17786): nothing is lost of any of them,
///
///     D_i = U·M_i·V',   M_i = U'·D_i·V  [k, l],   k = min(out, Σ r_i), l = min(in, Σ r_i)
///
/// U holds the left singular vectors of [B_1 B_2 ...], V the right ones of [A_1; A_2; ...], both without LoRA's scales.
/// All float64.
struct CoreSpace {
  at::Tensor u;                   // [out, k], orthonormal columns
  at::Tensor v;                   // [in, l], orthonormal columns
  std::vector<at::Tensor> cores;  // M_i, in the order of the parts
};

/// All parts must be low rank. `parts` is not empty.
[[nodiscard]] CoreSpace core_space(const ModuleParts& parts);

/// U·M·V' as factors of rank min(k, l), float64.
[[nodiscard]] llm::LowRank lifted_factors(const CoreSpace& space, const at::Tensor& core);

/// U·M·V' in float32: factors of rank min(k, l), or the product where that is smaller.
[[nodiscard]] llm::ModuleDelta lifted(const CoreSpace& space, const at::Tensor& core);

}  // namespace edgefuse::server
