#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse fuse`: many adapters in PEFT's layout become one adapter, one change, or one model.
int fuse_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
