#pragma once

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// "cr-core": cr-sign on the cores M_i [k, l] of the space that the changes of a module share, D_i = U·M_i·V' (Core
/// Space, 2509.17786; core_space.hpp): signs along shared directions, not of single weights. A change whose core is
/// not touched stays as it came; others become B = U·M̃, A = V' or B = U, A = M̃·V', of rank min(k, l) at most.
[[nodiscard]] Method<ConflictResolver> cr_core();

}  // namespace edgefuse::server
