#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse prune`: one variant of a model as a model folder of its own, and what was lost.
int prune_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
