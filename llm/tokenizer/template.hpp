#pragma once

#include "llm/tokenizer.hpp"
#include "llm/tokenizer/json_node.hpp"

namespace edgefuse::llm::tokenizing {

/// What the `post_processor` of tokenizer.json puts around a single text. TemplateProcessing, ByteLevel (which moves
/// offsets only) and Sequence are supported; InputError names any other.
[[nodiscard]] Tokenizer::Template read_template(const JsonNode& node);

}  // namespace edgefuse::llm::tokenizing
