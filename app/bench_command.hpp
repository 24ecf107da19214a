#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse bench train ...`: how fast this machine trains.
int bench_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
