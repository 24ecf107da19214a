#pragma once

#include <filesystem>
#include <functional>

#include "app/public_text.hpp"
#include "llm/delta.hpp"

namespace edgefuse::app {

/// Mean negative log-likelihood, nats per token, that the model of `folder` with a change has on stretches of the first
/// three quarters of a public text. Throws InputError when model, tokenizer or text cannot be read.
[[nodiscard]] std::function<double(const llm::ModelDelta&)> public_loss(const std::filesystem::path& folder,
                                                                        const std::filesystem::path& text,
                                                                        const Stretches& stretches);

}  // namespace edgefuse::app
