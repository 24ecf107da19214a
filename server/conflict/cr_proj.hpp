#pragma once

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// "cr-proj": gradient surgery (PCGrad, 2001.06782) on whole changes of one module. For each i, over the other j in
/// random (or rising) order:
///
///     D̃_i -= <D̃_i, D_j> / ‖D_j‖² · D_j    where <D̃_i, D_j> < 0, D_j as it was given
///
/// Each D̃_i is a linear combination of the D_j, so factors are stacked and stay factors, of rank Σ r at most.
[[nodiscard]] Method<ConflictResolver> cr_proj();

}  // namespace edgefuse::server
