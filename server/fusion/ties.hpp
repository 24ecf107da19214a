#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "ties" (2306.01708): of each change keep the largest `density` by magnitude; elect each entry's sign by the sum of
/// what is left (an exact tie takes the sign most entries have, else +); take the mean of the changes that have it;
/// times λ. Weights do not count. Dense.
/// Scope "tensor" trims and counts signs module by module; "model", the published form, over all modules laid end to
/// end in module order, which goes through the modules four times instead of holding them all.
[[nodiscard]] Method<FusionRule> ties_rule();

/// "ties-weighted", mergekit's form: X_i = w_i·trim(D_i); γ = sign(Σ X_i), an exact tie is +; λ times the sum of the
/// X_i with sign γ over the sum of their weights. Weights count, as given: in the election too, so an adapter of weight
/// 0 has no say. Dense. Scope "model" goes through the modules three times.
[[nodiscard]] Method<FusionRule> ties_weighted_rule();

}  // namespace edgefuse::server
