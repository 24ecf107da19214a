#include "server/evaluation/prompts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/error.hpp"

namespace edgefuse::server {

std::vector<std::int64_t> prompt_ids(const llm::Tokenizer& tokenizer, const AnswerLetters& letters,
                                     std::string_view prompt) {
  if (!tokenizer.special_template().after.empty())
    throw InputError{{.key = "tokenizer",
                      .problem = "puts special tokens after a text, so no answer can follow it",
                      .remedy = "use a model whose template ends with the text"}};
  auto ids = tokenizer.encode(prompt, llm::Tokenizer::Special::add);
  ids.insert(ids.end(), letters.lead.begin(), letters.lead.end());
  return ids;
}

void require_prompts_fit(std::span<const std::vector<std::int64_t>> prompts, std::size_t continuation,
                         std::int64_t max_positions) {
  std::size_t too_long = 0;
  std::size_t longest = 0;
  for (const auto& prompt : prompts) {
    const auto length = prompt.size() + continuation;
    longest = std::max(longest, length);
    if (length > static_cast<std::size_t>(max_positions)) ++too_long;
  }
  if (too_long > 0)
    throw InputError{{.key = "evaluation",
                      .problem = fmt::format("{} of {} prompts are longer than the model's {} positions; the longest "
                                             "has {} tokens",
                                             too_long, prompts.size(), max_positions, longest),
                      .remedy = "use a model with more positions, or shorter or fewer questions in a prompt"}};
}

std::size_t longest_tail(const AnswerLetters& letters) {
  std::size_t longest = 0;
  for (const auto& tail : letters.tails)
    longest = std::max(longest, tail.size());
  return longest;
}

}  // namespace edgefuse::server
