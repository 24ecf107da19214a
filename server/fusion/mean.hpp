#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

// Means of the products instead of the factors, so exact. A module that a contribution lacks counts as no change. Low
// rank as long as that is smaller.

/// "mean": (1/T) Σ D_i over T contributions. Weights do not count.
[[nodiscard]] Method<FusionRule> mean_rule();

/// "weighted-mean": Σ p_i D_i with p_i = w_i / Σ w (FedAvg, 1602.05629).
[[nodiscard]] Method<FusionRule> weighted_mean_rule();

}  // namespace edgefuse::server
