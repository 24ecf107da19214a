#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse logits`: what a model, with or without an adapter, predicts after a list of token ids.
int logits_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
