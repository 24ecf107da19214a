#pragma once

#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// Our reading of LoRA-CR, whose own formulas are not public (docs/models/lora-cr.md).
struct SignConflictOptions {
  double quantile = 0;   // q: an entry is active above this quantile of its change's non-zero magnitudes
  double threshold = 0;  // t: conflict where c > t
  double beta = 1;       // how much of a losing entry is taken away
  bool rescale = false;  // each result back to the L1 norm its change had
};

/// "cr-sign": in conflict, entries against the elected sign are multiplied by 1 - beta, active or not.
[[nodiscard]] Method<ConflictResolver> cr_sign();

/// The same in place on matrices of any meaning: dense float32, contiguous, of one shape; one weight each.
void resolve_signs(std::span<at::Tensor> changes, std::span<const double> weights, const SignConflictOptions& options);

/// q, t, beta and rescale.
[[nodiscard]] std::vector<ParameterSpec> sign_conflict_parameters();
[[nodiscard]] SignConflictOptions sign_conflict_options(const Parameters& parameters);

}  // namespace edgefuse::server
