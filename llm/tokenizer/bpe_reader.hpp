#pragma once

#include "llm/tokenizer/bpe.hpp"
#include "llm/tokenizer/json_node.hpp"

namespace edgefuse::llm::tokenizing {

/// The `model` of tokenizer.json: BPE with its vocabulary, and merges written as "a b" or as ["a", "b"]. Throws
/// InputError with all that is wrong: another model, dropout, prefixes or suffixes of words, ids that are no integers
/// or given twice, merges that name tokens the vocabulary lacks.
[[nodiscard]] Bpe read_bpe(const JsonNode& model);

}  // namespace edgefuse::llm::tokenizing
