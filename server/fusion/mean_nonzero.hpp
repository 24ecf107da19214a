#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "mean-nonzero": entry by entry the mean of the non-zero changes, so that what recovery or conflict resolution set to
/// zero does not dilute the rest; 0 where all are. Weights do not count. Dense.
[[nodiscard]] Method<FusionRule> mean_nonzero_rule();

}  // namespace edgefuse::server
