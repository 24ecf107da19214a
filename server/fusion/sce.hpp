#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "sce" (FuseChat's select, calculate, erase, 2408.07990; mergekit's form), module by module over all T contributions,
/// a module that one lacks being zero:
///
///     select     where density < 1, the floor(density·c) entries whose variance over the changes is largest, an
///     earlier
///                one first among equals, c being how many have any; the others are zero from here on
///     calculate  w_i = mean square of D_i's entries
///     erase      D = Σ w_i D_i / Σ w_i over the changes whose sign is that of Σ D_i (unweighted; an exact tie is +)
///
/// Weights do not count: an adapter's own size is its weight. Dense. With density below 1 nothing is left of a single
/// contribution, which has no variance.
[[nodiscard]] Method<FusionRule> sce_rule();

}  // namespace edgefuse::server
