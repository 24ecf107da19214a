#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse bench train ...`: how fast this machine trains adapters.
int bench_train(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
