#pragma once

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// "cr-max": where cr-sign finds conflict, of the changes with the elected sign the one of largest magnitude is kept
/// (the first of equals), every other becomes 0. The election is that of EMR-Merging (2405.17461), whose magnitudes
/// take no weights either; a change of weight 0 is never the one.
[[nodiscard]] Method<ConflictResolver> cr_max();

}  // namespace edgefuse::server
