#pragma once

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// "cr-disjoint": no entry is changed by two (the sequential masks of CABS, 2503.01874). By rising index, each change
/// keeps its n largest magnitudes of every m consecutive entries of [out, in] that no earlier one keeps. A last,
/// shorter block keeps its share of n/m, rounded up. Zeros are never kept. Weights play no part.
[[nodiscard]] Method<ConflictResolver> cr_disjoint();

}  // namespace edgefuse::server
