#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "task-arithmetic": λ Σ D_i (2212.04089). Weights do not count. Low rank as long as that is smaller.
[[nodiscard]] Method<FusionRule> task_arithmetic_rule();

}  // namespace edgefuse::server
