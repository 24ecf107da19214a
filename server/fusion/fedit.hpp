#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

// With p_i = w_i / Σ w; scales are in B. Factors of one rank only.

/// "fedit" (2305.05644): (Σ p_i B_i)(Σ p_i A_i), FedAvg on the factors. Biased: exact only where all A or all B are
/// equal, or for one adapter. The baseline that the others correct.
[[nodiscard]] Method<FusionRule> fedit_rule();

/// "fedex" (2410.09432): fedit's factors plus the residual Σ p_i B_i A_i - fedit, which goes into the base: exact.
[[nodiscard]] Method<FusionRule> fedex_rule();

/// "fedex-residual": that residual alone.
[[nodiscard]] Method<FusionRule> fedex_residual_rule();

}  // namespace edgefuse::server
