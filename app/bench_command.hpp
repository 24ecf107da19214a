#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse bench WHAT ...`: how fast this machine does something, in ratios of one run.
int bench_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
