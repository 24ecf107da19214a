#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "tsv" (task singular vectors, 2412.00081): of each D_i the first min(⌊min(out, in) / T⌋, r_i) singular triplets, r_i
/// the rank of D_i (singular values above 1e-6 of its largest), T all contributions; U = [U_1 U_2 ...] and V likewise
/// are replaced by the nearest matrices with orthonormal columns (U = P·S·Q' → P·Q'), so that tasks do not interfere;
/// α·U·S·V', of low rank. Weights do not count.
[[nodiscard]] Method<FusionRule> tsv_rule();

}  // namespace edgefuse::server
