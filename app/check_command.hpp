#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse check`: whether a scenario is right, and what would run; no weight is loaded and nothing is written.
int check_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
