#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "llm/config.hpp"
#include "llm/sequence.hpp"
#include "llm/tokenizer.hpp"

namespace edgefuse::llm {

/// Which predictions a loss averages over: those of the answer, or those of the whole text.
enum class LossOn : std::uint8_t { answer, full };

/// Template, prompt and answer as one sequence of at most `max_tokens` ids. Prompt and answer are encoded apart, so
/// that no token straddles their border. A prompt that is too long loses ids from its left, after the template's own
/// (BOS and the like), so that the answer survives; an answer that is too long by itself is cut at its end.
[[nodiscard]] Sequence encode_example(const Tokenizer& tokenizer, std::string_view prompt, std::string_view answer,
                                      LossOn loss, std::int64_t max_tokens);

/// Throws InputError when the tokenizer has ids that the model has no embedding for.
void check_tokenizer_fits(const Tokenizer& tokenizer, const ModelConfig& config, const std::filesystem::path& origin);

}  // namespace edgefuse::llm
