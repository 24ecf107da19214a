#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "flexlora" (2402.11505): the best approximation of rank R of Σ p_i D_i, p_i = w_i / Σ w. Off by the tail of the
/// spectrum (truncation.hpp), exact from R = Σ r_i on.
[[nodiscard]] Method<FusionRule> flexlora_rule();

}  // namespace edgefuse::server
