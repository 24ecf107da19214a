#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "llm/tokenizer.hpp"
#include "server/evaluation/letters.hpp"

namespace edgefuse::server {

/// What a model is given before it answers: the template's ids, the prompt's, and what all letters begin with. Throws
/// InputError when the template puts something after the text.
[[nodiscard]] std::vector<std::int64_t> prompt_ids(const llm::Tokenizer& tokenizer, const AnswerLetters& letters,
                                                   std::string_view prompt);

/// Throws InputError when prompts together with `continuation` more ids pass `max_positions`.
void require_prompts_fit(std::span<const std::vector<std::int64_t>> prompts, std::size_t continuation,
                         std::int64_t max_positions);

/// The most ids a letter adds to a prompt.
[[nodiscard]] std::size_t longest_tail(const AnswerLetters& letters);

}  // namespace edgefuse::server
