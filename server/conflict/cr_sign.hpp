#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// Our reading of LoRA-CR, whose own formulas are not public (docs/models/lora-cr.md).
struct SignConflictOptions {
  double quantile = 0;   // q: an entry is active above this quantile of its change's non-zero magnitudes
  double threshold = 0;  // t: conflict where c > t
  double beta = 1;       // how much of a losing entry is taken away
  bool rescale = false;  // each result back to the L1 norm its change had
};

/// Where the parts of one module pull against each other, entry by entry over [out, in]:
///
///     p, n = Σ_i w_i·relu(±D_i) over active entries;  c = 2·min(p, n) / (p + n), 0 where p + n = 0;  conflict: c > t
struct SignConflict {
  std::vector<std::uint8_t> conflict;  // 1 where c > t
  std::vector<std::int8_t> sign;       // of p - n; an exact tie takes the sign most entries of the module have, else +
};

/// `changes` are dense float32, contiguous, of one shape; one weight each.
[[nodiscard]] SignConflict find_sign_conflict(std::span<const at::Tensor> changes, std::span<const double> weights,
                                              const SignConflictOptions& options);

/// "cr-sign": in conflict, entries against the elected sign are multiplied by 1 - beta, active or not.
[[nodiscard]] Method<ConflictResolver> cr_sign();

}  // namespace edgefuse::server
