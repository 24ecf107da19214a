#pragma once

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// "cr-module": whole modules of single adapters. With m_i the mean of cos(D_i, D_j) over the others that change the
/// module at all: where m_i is below the threshold, D_i is dropped, or multiplied by 1 + m_i (kept within [0, 1]). All
/// are judged as they were given. Factors keep their form and rank.
[[nodiscard]] Method<ConflictResolver> cr_module();

}  // namespace edgefuse::server
