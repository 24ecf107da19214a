#pragma once

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// "cr-drop": where cr-sign finds conflict every change becomes 0, winners too, so that only consensus is left.
[[nodiscard]] Method<ConflictResolver> cr_drop();

}  // namespace edgefuse::server
