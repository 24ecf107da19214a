#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "sum": Σ D_i. Weights do not count. Low rank as long as that is smaller.
[[nodiscard]] Method<FusionRule> sum_rule();

/// "weighted-sum": Σ w_i D_i, the weights as they are, negative ones too. Low rank as long as that is smaller.
[[nodiscard]] Method<FusionRule> weighted_sum_rule();

}  // namespace edgefuse::server
