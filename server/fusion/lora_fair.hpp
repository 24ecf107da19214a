#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "lora-fair" (LoRA-FAIR, 2411.14961): fedit's Ā and B̄ with a correction of B̄ that turns the product towards the exact
/// mean Δ* = Σ p_i B_i A_i, and is held small:
///
///     B = argmin_X 1 - cos(Δ*, X·Ā) + λ·‖X - B̄‖²_F / ‖B̄‖²_F
///
/// The paper's penalty is λ·‖X - B̄‖; ours is smooth and does not depend on the scale of B. By gradient descent with a
/// step that is halved until it goes down, from X = B̄; it ends when steps no longer help, or after `steps`. Everything
/// is computed from Δ*·Ā' and Ā·Ā', never the product. λ = 0 aligns as far as Ā's row space allows. One rank; biased,
/// less than fedit.
[[nodiscard]] Method<FusionRule> lora_fair_rule();

}  // namespace edgefuse::server
