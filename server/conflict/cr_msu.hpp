#pragma once

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// "cr-msu": rank-one units u_k = b_k·a_k (column k of B, row k of A; the minimal semantic units of LoRA-LEGO,
/// 2409.16167) of different contributions are opposed where
///
///     cos(u, u') = cos(b, b')·cos(a, a') < -threshold
///
/// and then the weaker one, by |w|·‖b‖·‖a‖, is dropped (the later of equals), or multiplied by 1 + the most negative
/// cosine that it loses by. All are judged as they were given. Factors keep their form and rank; a unit that is dropped
/// has a column of zeros. Units are those that training left: B·G, G⁻¹·A is the same change with other units.
[[nodiscard]] Method<ConflictResolver> cr_msu();

}  // namespace edgefuse::server
