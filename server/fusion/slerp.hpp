#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "slerp" (Shoemake, SIGGRAPH 1985; mergekit's form): of exactly two contributions, that of the lower client id being
/// D_0, module by module, θ the angle between D_0 and D_1,
///
///     ( sin((1 - t)·θ) D_0 + sin(t·θ) D_1 ) / sin θ
///
/// and (1 - t) D_0 + t D_1 where they lie on one line (|cos θ| > 0.9995), or where one of them is zero or lacks the
/// module, and there is no angle. Weights do not count. Angles come from the factors; low rank as long as that is
/// smaller. Throws InputError, when it fuses, for any other number of contributions.
[[nodiscard]] Method<FusionRule> slerp_rule();

}  // namespace edgefuse::server
