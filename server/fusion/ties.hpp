#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "ties" (2306.01708): of each change keep the largest `density` by magnitude; elect each entry's sign by the sum of
/// what is left (an exact tie takes the sign most entries have, else +); take the mean of the changes that have it;
/// times λ. Weights do not count. Dense.
/// Scope "tensor" trims and counts signs module by module; "model", the published form, over all modules laid end to
/// end in module order, which goes through the modules four times instead of holding them all.
[[nodiscard]] Method<FusionRule> ties_rule();

}  // namespace edgefuse::server
