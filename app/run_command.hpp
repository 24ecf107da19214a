#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse run SCENARIO`: simulates, trains, fuses, evaluates and records one scenario, and prints its table.
int run_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
