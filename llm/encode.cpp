#include "llm/encode.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

using Ids = std::vector<std::int64_t>;

std::int64_t ssize(const Ids& ids) {
  return static_cast<std::int64_t>(ids.size());
}

/// What the template puts in front of a text.
Ids template_ids(const Tokenizer& tokenizer) {
  return tokenizer.encode("", Tokenizer::Special::add);
}

}  // namespace

Sequence encode_example(const Tokenizer& tokenizer, std::string_view prompt, std::string_view answer, LossOn loss,
                        std::int64_t max_tokens) {
  EDGEFUSE_EXPECTS(max_tokens > 1, "a sequence predicts at least one token from another");
  Ids ids = template_ids(tokenizer);
  Ids asked = tokenizer.encode(prompt, Tokenizer::Special::leave_out);
  Ids said = tokenizer.encode(answer, Tokenizer::Special::leave_out);
  const auto room = std::max<std::int64_t>(max_tokens - ssize(ids), 1);
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
