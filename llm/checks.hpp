#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "llm/model.hpp"
#include "llm/sequence.hpp"

namespace edgefuse::llm {

/// Throws InputError, saying which text it was (`what`, such as "step 3, row 1"), when an id is outside the vocabulary.
void check_ids(const ModelConfig& config, std::span<const std::int64_t> ids, const std::string& what);

/// The same for a text that the model is to read: it must not be longer than the model's positions either.
void check_text(const ModelConfig& config, std::span<const std::int64_t> ids, const std::string& what);

/// The same for the texts and labels of one optimiser step, which must have something to learn from.
void check_step(const Model& model, const Batch& batch, const std::string& what);

/// "[3, 20]"
[[nodiscard]] std::string shape_text(std::span<const std::int64_t> shape);

}  // namespace edgefuse::llm
