#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse compose`: builds a cross-domain benchmark (MMLU-CD) from MMLU or atlas and writes it to a file.
int compose_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
