#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "krum" (Blanchard et al., 1703.02757) on whole changes, all modules together, a module that one lacks being zero: of
/// T contributions, f = `byzantine` of which may be anything, each scores
///
///     s_i = Σ over its T - f - 2 closest others j of ‖D_i - D_j‖_F²
///
/// and the change is the mean of the `multi` with the lowest scores, a lower client id first among equals; one of them
/// is Krum, more are Multi-Krum. Weights do not count: a liar would give itself a large one. Distances come from the
/// factors; low rank as long as that is smaller. Goes through the modules twice.
///
/// Throws InputError, when it fuses, where T < 2f + 3, the number that the proof needs (unless f = 0, then the distance
/// to nobody is 0), and where T < multi.
[[nodiscard]] Method<FusionRule> krum_rule();

}  // namespace edgefuse::server
