#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/tokenizer.hpp"

namespace edgefuse::server {

/// How a tokenizer writes " A", " B", " C" and " D" after a prompt that ends in ':'.
struct AnswerLetters {
  std::vector<std::int64_t> lead;                  // ids that all four begin with; they end the prompt
  std::array<std::vector<std::int64_t>, 4> tails;  // what tells them apart

  /// Whether each letter is one token: then the four logits after the prompt decide.
  [[nodiscard]] bool single() const;
};

/// The ids that `continuation` adds to `context`. Throws InputError when the tokenizer joins the two, because then a
/// prompt that ends where `context` does is not the beginning of its continuation.
[[nodiscard]] std::vector<std::int64_t> continuation_ids(const llm::Tokenizer& tokenizer, std::string_view context,
                                                         std::string_view continuation);

/// Throws InputError when the tokenizer cannot tell the four letters apart.
[[nodiscard]] AnswerLetters answer_letters(const llm::Tokenizer& tokenizer);

/// For each prompt (which ends in `letters.lead`) the letter 0..3 that the model gives the highest probability; of
/// equals the first. A letter of several tokens has the product of their probabilities.
/// Throws RunError when the model's output is not finite.
[[nodiscard]] std::vector<int> choose_letters(const llm::Model& model, const llm::Adapter* adapter,
                                              const AnswerLetters& letters,
                                              std::span<const std::vector<std::int64_t>> prompts);

}  // namespace edgefuse::server
