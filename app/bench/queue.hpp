#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse bench queue ...`: how many events a second the kernel handles.
int bench_queue(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
