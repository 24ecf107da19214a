#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "llm/config.hpp"
#include "llm/sequence.hpp"
#include "llm/tokenizer.hpp"

namespace edgefuse::llm {

/// Which predictions a loss averages over: those of the answer, or those of the whole text.
enum class LossOn : std::uint8_t { answer, full };

/// Ids of a text that continues another. Tokenizers of SentencePiece's kind put a space before every text; here they do
/// not, so " A" is "▁A" and "A" is "A". For byte-level tokenizers this is `encode` without special tokens.
[[nodiscard]] std::vector<std::int64_t> encode_continuation(const Tokenizer& tokenizer, std::string_view text);

/// What the template puts before a text, prompt, answer and, when given, `end_token` (EOS, to be learnt as part of the
/// answer) as one sequence of at most `max_tokens` ids. What the template puts after a text is left out: the caller
/// says with `end_token` whether the text ends. Prompt and answer are encoded apart, so that no token straddles their
/// border. A prompt that is too long loses ids from its left, after the template's own (BOS and the like), so that the
/// answer survives; an answer that is too long by itself is cut at its end, `end_token` included.
[[nodiscard]] Sequence encode_example(const Tokenizer& tokenizer, std::string_view prompt, std::string_view answer,
                                      LossOn loss, std::int64_t max_tokens,
                                      std::optional<std::int64_t> end_token = std::nullopt);

/// Throws InputError when the tokenizer has ids that the model has no embedding for.
void check_tokenizer_fits(const Tokenizer& tokenizer, const ModelConfig& config, const std::filesystem::path& origin);

}  // namespace edgefuse::llm
