#pragma once

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// Every change as it came.
[[nodiscard]] Method<ConflictResolver> no_resolution();

}  // namespace edgefuse::server
