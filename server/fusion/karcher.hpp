#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "karcher": module by module, over the N contributions that change it, mean length times mean direction. With
/// l_i = ‖D_i‖_F and u_i = D_i / l_i,
///
///     D = (1/N) Σ l_i · μ,   μ = argmin over unit vectors of Σ arccos²⟨μ, u_i⟩      (Karcher 1977)
///
/// found by gradient descent on the sphere from the normalised mean of the u_i (the first u_i, where that is shorter
/// than `tolerance`): each step goes along v = (1/N) Σ θ_i (u_i - ⟨μ, u_i⟩ μ) / sin θ_i, θ_i = arccos⟨μ, u_i⟩, to
/// cos‖v‖ μ + sin‖v‖ v / ‖v‖. It stops after `iterations` steps, or where ‖v‖ is below `tolerance`. A u_i that
/// coincides with ±μ within `tolerance` gives no direction and is left out of a step.
///
/// μ stays in the span of the D_i, so all this happens on their inner products, taken from the factors; low rank as
/// long as that is smaller. A change that is zero counts as if it were not there. Weights do not count. Of two it is
/// "slerp" with t = 1/2 if they are of one length and not opposite.
[[nodiscard]] Method<FusionRule> karcher_rule();

}  // namespace edgefuse::server
