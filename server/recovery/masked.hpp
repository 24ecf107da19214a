#pragma once

#include "server/recovery/recovery.hpp"

namespace edgefuse::server {

/// "masked": what the client could not see does not change. For a variant that has the base's shapes and zeros in them
/// (unstructured and N:M pruning), ΔW ∘ M with M = 1 where the variant's weight is not 0: dense, the product in float64
/// rounded once. A module in which the variant is zero only where the base is too has lost no entry: there, and so in
/// every structured variant, it is zero-fill and stays low rank.
[[nodiscard]] Method<Recovery> masked_recovery();

}  // namespace edgefuse::server
