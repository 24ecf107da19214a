#pragma once

#include "clients/fleet.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// The scenario's fleet from the built-in catalogue. Throws InputError with every unknown device.
[[nodiscard]] clients::Fleet make_fleet(const scenarios::Scenario& scenario);

}  // namespace edgefuse::app
