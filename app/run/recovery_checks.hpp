#pragma once

#include "app/run/methods.hpp"
#include "scenarios/scenario.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {

/// What a recovery may be asked for over rounds. `methods` has its recovery and its pruners.
void check_recovery(const scenarios::Scenario& scenario, const Methods& methods, Mistakes& mistakes);

}  // namespace edgefuse::app
