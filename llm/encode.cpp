#include "llm/encode.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

using Ids = std::vector<std::int64_t>;
using Special = Tokenizer::Special;

std::int64_t ssize(const Ids& ids) {
  return static_cast<std::int64_t>(ids.size());
}

/// The answer's ids, and the end token behind them.
Ids encode_answer(const Tokenizer& tokenizer, std::string_view prompt, std::string_view answer,
                  std::optional<std::int64_t> end_token) {
  auto ids = prompt.empty() ? tokenizer.encode(answer, Special::leave_out) : encode_continuation(tokenizer, answer);
  if (end_token) ids.push_back(*end_token);
  return ids;
}

}  // namespace

std::vector<std::int64_t> encode_continuation(const Tokenizer& tokenizer, std::string_view text) {
  // No word goes on across a line break, so what follows one is encoded as in the middle of a text. Only white space
  // can be joined to it.
  const auto anchor = tokenizer.encode("\n", Special::leave_out);
  auto ids = tokenizer.encode("\n" + std::string{text}, Special::leave_out);
  if (ids.size() < anchor.size() || !std::equal(anchor.begin(), anchor.end(), ids.begin()))
    return tokenizer.encode(text, Special::leave_out);
  ids.erase(ids.begin(), ids.begin() + ssize(anchor));
  return ids;
}

Sequence encode_example(const Tokenizer& tokenizer, std::string_view prompt, std::string_view answer, LossOn loss,
                        std::int64_t max_tokens, std::optional<std::int64_t> end_token) {
  Ids ids = tokenizer.special_template().before;
  EDGEFUSE_EXPECTS(max_tokens > std::max<std::int64_t>(ssize(ids), 1),
                   "a sequence predicts at least one token from another");
  Ids asked = tokenizer.encode(prompt, Special::leave_out);
  Ids said = encode_answer(tokenizer, prompt, answer, end_token);
  const auto room = max_tokens - ssize(ids);
  // One id of the prompt stays where there is no template, for the first of the answer to be predicted from.
  const std::int64_t least_prompt = ids.empty() && !asked.empty() ? 1 : 0;
  said.resize(static_cast<std::size_t>(std::min(ssize(said), room - least_prompt)));
  const auto excess = std::max<std::int64_t>(ssize(asked) + ssize(said) - room, 0);
  asked.erase(asked.begin(), asked.begin() + excess);

  ids.insert(ids.end(), asked.begin(), asked.end());
  const auto answer_begins = ids.size();
  ids.insert(ids.end(), said.begin(), said.end());
  Sequence sequence{.ids = ids, .labels = ids};
  if (loss == LossOn::answer)
    std::fill_n(sequence.labels.begin(), static_cast<std::ptrdiff_t>(answer_begins), no_label);
  return sequence;
}

void check_tokenizer_fits(const Tokenizer& tokenizer, const ModelConfig& config, const std::filesystem::path& origin) {
  if (tokenizer.vocabulary() <= config.vocabulary) return;
  throw InputError{{.file = origin.string(),
                    .problem = fmt::format("the tokenizer has {} tokens, the model embeds {}", tokenizer.vocabulary(),
                                           config.vocabulary),
                    .remedy = "use the tokenizer the model was trained with"}};
}

}  // namespace edgefuse::llm
