#pragma once

#include "app/run/methods.hpp"
#include "scenarios/scenario.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {

/// What arms are given: low-rank changes where a rule or a resolver is of these alone, and what clients reveal of their
/// data where a rule needs it, as many updates as one takes. `methods` has its arms and its recovery.
void check_arms(const scenarios::Scenario& scenario, const Methods& methods, Mistakes& mistakes);

}  // namespace edgefuse::app
