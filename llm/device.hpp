#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "llm/model.hpp"

namespace edgefuse::llm {

/// "cpu", "cuda:1" for the second card, or "cuda" for any: of several processes number `process` then takes its own as
/// long as there are enough. Throws InputError for anything else, and for a card that this
/// LibTorch cannot use.
[[nodiscard]] at::Device parse_device(const std::string& text, int process = 0);

/// What LibTorch can train on here: "cpu only", or "cpu and cuda (2 cards)".
[[nodiscard]] std::string devices_here();

/// The model where gangs are to be trained: train_gang works where the model lies. Weights that `hold` gave another
/// form go in that form alone. Variants sliced from the result share its memory.
[[nodiscard]] Model on_device(const Model& model, at::Device device);

}  // namespace edgefuse::llm
