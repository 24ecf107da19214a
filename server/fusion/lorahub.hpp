#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "lorahub" (2307.13269): (Σ c_i B_i)(Σ c_i A_i) with the coefficients in [-1.5, 1.5] that make the loss on public
/// texts, plus 0.05·mean|c_i|, smallest; found without gradients in `steps` evaluations from c = 0. The paper takes
/// Nevergrad's NGOpt; ours is a (1+1) evolution strategy with the one-fifth rule (Rechenberg 1973), seeded. Adds
/// factors, so it needs one rank, and has cross terms. Weights do not count.
[[nodiscard]] Method<FusionRule> lorahub_rule();

}  // namespace edgefuse::server
