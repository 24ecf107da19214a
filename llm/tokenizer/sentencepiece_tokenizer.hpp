#pragma once

#include <filesystem>
#include <memory>

#include "llm/tokenizer.hpp"

namespace edgefuse::llm::tokenizing {

/// The tokenizer of a tokenizer.model. `Special::add` puts BOS before a text and EOS after it as the `add_bos_token`
/// and `add_eos_token` of a tokenizer_config.json beside the file say; without one, BOS only, as transformers does for
/// Llama. Special tokens written in a text are plain text, and decode leaves them out: that is how SentencePiece treats
/// them. Throws InputError as read_sentencepiece does.
[[nodiscard]] std::unique_ptr<Tokenizer> load_sentencepiece(const std::filesystem::path& file);

}  // namespace edgefuse::llm::tokenizing
