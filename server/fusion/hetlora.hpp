#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "hetlora" (2401.06432): factors of unlike ranks padded with zeros to the largest and averaged with weights in
/// proportion to ‖D_i‖_F, so that sparse changes count for less: (Σ q_i B_i)(Σ q_i A_i), q_i = ‖D_i‖ / Σ ‖D_j‖ per
/// module. Biased, as fedit. Weights do not count. Factors only.
[[nodiscard]] Method<FusionRule> hetlora_rule();

}  // namespace edgefuse::server
