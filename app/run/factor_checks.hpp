#pragma once

#include "app/run/methods.hpp"
#include "scenarios/scenario.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {

// What goes with methods that remember something of a client's factors from round to round. `methods` has its arms.

/// Control variates are mean gradients of plain steps, with respect to factors that stay where they are.
void check_control_variates(const scenarios::Scenario& scenario, const Methods& methods, Mistakes& mistakes);

/// Ranks are given up for what training made of them, where factors go on and a rule takes unlike ranks.
void check_self_pruning(const scenarios::Scenario& scenario, const Methods& methods, Mistakes& mistakes);

}  // namespace edgefuse::app
