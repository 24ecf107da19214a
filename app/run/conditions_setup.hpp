#pragma once

#include <filesystem>

#include "clients/conditions.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// What befalls the fleet of a scenario. Throws InputError with everything that is wrong in its models of availability
/// and the traces they and the links are read from.
[[nodiscard]] clients::ConditionsSpec conditions_spec(const scenarios::Scenario& scenario,
                                                      const std::filesystem::path& assets);

}  // namespace edgefuse::app
