#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse pretrain`: makes a base from nothing but the generated world's public text.
int pretrain_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
