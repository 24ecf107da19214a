#pragma once

#include "sim/availability/availability.hpp"

namespace edgefuse::sim {

/// "markov": stays and absences of independent exponential lengths, the two-state Markov chain in continuous time, from
/// its stationary distribution. Exact, and looked up anywhere in O(1) expected: docs/models/availability.md derives
/// how.
[[nodiscard]] Method<Availability> markov_availability();

}  // namespace edgefuse::sim
