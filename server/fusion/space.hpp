#pragma once

#include <functional>
#include <string>

#include "llm/delta.hpp"
#include "llm/variant.hpp"
#include "server/fusion/contribution.hpp"
#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// The parts of one module as another space has them, and the way back.
struct Embedded {
  ModuleParts parts;  // the same parts, their deltas dense matrices of `shape`
  llm::MatrixShape shape;
  std::function<llm::ModuleDelta(const at::Tensor&)> lift;  // a fused matrix of `shape` → a change of the module
};
/// `parts` are low rank and not empty.
using Space = Embedded (*)(const ModuleParts& parts);

/// "core" (2509.17786): the matrices M_i of core_space(). Every rule that goes entry by entry costs (Σ r)² there
/// instead of out·in, and what it makes has rank Σ r at most.
[[nodiscard]] Embedded in_core_space(const ModuleParts& parts);

/// "knots" (2410.19735): [D_1 ... D_T] = U·S·[V_1 ... V_T]; the blocks S·V_i [k, in], of the singular values above
/// 1e-5. What is fused there is U times it, of rank k at most.
[[nodiscard]] Embedded in_knots_space(const ModuleParts& parts);

/// The method "`prefix`-NAME", which fuses as `inner` does, in `space`. All parts must be low rank.
[[nodiscard]] Method<FusionRule> in_space(const std::string& prefix, Space space, Method<FusionRule> inner);

/// "knots-NAME", whose factor on the result, `lambda` elsewhere, goes by KnOTS' own name, `scale`.
[[nodiscard]] Method<FusionRule> knots(Method<FusionRule> inner);

}  // namespace edgefuse::server
