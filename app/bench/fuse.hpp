#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse bench fuse ...`: how fast this machine fuses adapters, rule by rule.
int bench_fuse(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
