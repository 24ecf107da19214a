#pragma once

#include "server/recovery/recovery.hpp"

namespace edgefuse::server {

/// "norm-a": LoRAM's `normA` option (2502.13533, its published code): zero-fill, but the columns of A that the variant
/// lacked (of o and down) are normal noise of deviation 1/r. B is trained by then, so ΔW gets noise that no data asked
/// for, of variance (s/r)²·‖row of B‖² in each such entry; B's missing rows are zero as in zero-fill.
///
/// Entry (row, column) of a module's noise depends on (seed, client, round), the module and the place alone, from
/// Domain::recovery_noise: a variant that lacks more has the same noise where both lack.
[[nodiscard]] Method<Recovery> norm_a_recovery();

}  // namespace edgefuse::server
