#pragma once

#include "llm/delta.hpp"
#include "server/optimiser/server_optimiser.hpp"

namespace edgefuse::server {

// Server optimisers on the factors that go on from round to round (FLASC, 2406.05233): what changes is A and B, and not
// their product. All changes here are low rank, of one rank and in the base's shapes, with LoRA's scale in B.

/// The factors after the step that `optimiser` makes of `fused - held`, entry by entry, for the gradient; B without
/// `scale`, as clients train it. What `fused` lacks stays.
[[nodiscard]] ServerStep factor_step(const ServerOptimiser& optimiser, const OptimiserState& state,
                                     const llm::ModelDelta& held, const llm::ModelDelta& fused, double scale);

}  // namespace edgefuse::server
