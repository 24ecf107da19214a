#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse show FILE [--json]`: the summary of a result file.
int show_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
