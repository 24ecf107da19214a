#pragma once

#include "app/command.hpp"

namespace edgefuse::app {

/// `edgefuse train`: trains one LoRA adapter, Hugging Face PEFT layout in and out.
int train_command(const Arguments& arguments, Console console);

}  // namespace edgefuse::app
