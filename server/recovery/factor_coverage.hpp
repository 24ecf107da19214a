#pragma once

#include "llm/delta.hpp"
#include "server/fusion/coverage.hpp"

namespace edgefuse::server {

/// What somebody covers of whom nothing is known but a recovered change: where all of a row of B, or of a column of A,
/// is zero, nobody trained it. A factor that is zero throughout says nothing, and counts as trained.
[[nodiscard]] ModuleCoverage coverage_of_factors(const llm::LowRank& change);

}  // namespace edgefuse::server
