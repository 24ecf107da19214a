#pragma once

#include "llm/delta.hpp"

namespace edgefuse::server {

/// factor·ΔW in the form ΔW has, B taking the factor: computed in float64, rounded once to the type it had. New memory.
[[nodiscard]] llm::ModuleDelta scaled(const llm::ModuleDelta& delta, double factor);

}  // namespace edgefuse::server
