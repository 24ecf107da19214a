#pragma once

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// "cr-soft": every change times 1 - beta·c, c being the conflict mass of the entry (SignConflict): no threshold, no
/// winner.
[[nodiscard]] Method<ConflictResolver> cr_soft();

}  // namespace edgefuse::server
