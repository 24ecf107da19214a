#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "breadcrumbs" (2312.06795): of each change the floor(gamma·n) largest magnitudes are dropped as outliers, the next
/// floor(keep·n) kept, and the rest is dropped; α times the sum of what is left. An earlier entry counts as larger than
/// an equal one. n is the length of a row (scope "row", the published code) or the size of the module ("tensor",
/// mergekit's). Weights do not count. Dense.
[[nodiscard]] Method<FusionRule> breadcrumbs_rule();

}  // namespace edgefuse::server
