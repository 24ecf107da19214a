#pragma once

#include <filesystem>

#include "app/public_text.hpp"
#include "llm/config.hpp"
#include "llm/tokenizer.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// The scenario's public text: its files, or what the embedded base was pre-trained on. Throws InputError when there is
/// neither, when a file is among what clients hold, and when a stretch is longer than the model reads.
[[nodiscard]] PublicText public_text(const scenarios::Scenario& scenario, const std::filesystem::path& assets,
                                     const llm::Tokenizer& tokenizer, const llm::ModelConfig& config);

}  // namespace edgefuse::app
