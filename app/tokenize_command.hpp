#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse tokenize`: the token ids of a text, or of a list of texts.
int tokenize_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
