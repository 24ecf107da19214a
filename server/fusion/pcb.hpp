#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "pcb" (PCB-Merging, parameter competition balancing, 2410.02396), module by module, of T contributions:
///
///     D̃_i     D_i with the floor(n / 10^4) smallest and as many of the largest of its n magnitudes clamped to the next
///     intra_i = exp(T·norm(|D̃_i|)²)           norm(x) = (x - min x) / (max x - min x), 0 where all are equal
///     inter_i = tanh(D_i · Σ_j D_j)
///     s_i     = norm(max(β_i, θ_i)), β_i = intra_i·inter_i, θ_i its floor(density·n)-th largest value, at least the
///     first D       = λ Σ s_i D̃_i / Σ s_i,  0 where all s_i are
///
/// all products entry by entry. The last entry kept, with β = θ, has s = 0: even a single contribution with density 1
/// and λ = 1 loses its least important entry. Weights do not count. Dense, in float64, rounded once.
///
/// The published code takes the whole model as one vector, and clamps one magnitude more at the upper end.
[[nodiscard]] Method<FusionRule> pcb_rule();

}  // namespace edgefuse::server
