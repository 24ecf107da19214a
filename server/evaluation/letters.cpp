#include "server/evaluation/letters.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "llm/scoring.hpp"
#include "llm/sequence.hpp"
#include "sim/error.hpp"

namespace edgefuse::server {
namespace {

using Ids = std::vector<std::int64_t>;
using LetterScores = std::array<double, 4>;

int best(const LetterScores& scores) {
  for (const double score : scores)
    if (!std::isfinite(score)) throw RunError{"the model's output is not finite, so it cannot be scored"};
  return static_cast<int>(std::ranges::max_element(scores) - scores.begin());
}

std::vector<int> choose_by_logit(const llm::Model& model, const llm::Adapter* adapter, const AnswerLetters& letters,
                                 std::span<const Ids> prompts) {
  const std::array<std::int64_t, 4> candidates = {letters.tails[0][0], letters.tails[1][0], letters.tails[2][0],
                                                  letters.tails[3][0]};
  const auto logits = llm::next_token_logits(model, adapter, prompts, candidates).contiguous();
  const float* row = logits.data_ptr<float>();
  std::vector<int> chosen;
  for (std::size_t i = 0; i < prompts.size(); ++i, row += 4)
    chosen.push_back(best({row[0], row[1], row[2], row[3]}));
  return chosen;
}

std::vector<int> choose_by_likelihood(const llm::Model& model, const llm::Adapter* adapter,
                                      const AnswerLetters& letters, std::span<const Ids> prompts) {
  std::vector<llm::Sequence> sequences;
  for (const auto& prompt : prompts) {
    for (const auto& tail : letters.tails) {
      llm::Sequence sequence{.ids = prompt, .labels = Ids(prompt.size(), llm::no_label)};
      sequence.ids.insert(sequence.ids.end(), tail.begin(), tail.end());
      sequence.labels.insert(sequence.labels.end(), tail.begin(), tail.end());
      sequences.push_back(std::move(sequence));
    }
  }
  const auto losses = llm::sequence_losses(model, adapter, sequences);
  std::vector<int> chosen;
  for (std::size_t i = 0; i < losses.size(); i += 4)
    chosen.push_back(best({-losses[i].nll, -losses[i + 1].nll, -losses[i + 2].nll, -losses[i + 3].nll}));
  return chosen;
}

Ids common_beginning(const std::array<Ids, 4>& all) {
  auto common = all[0];
  for (const auto& ids : all) {
    const auto length = std::ranges::mismatch(common, ids).in1 - common.begin();
    common.resize(static_cast<std::size_t>(length));
  }
  return common;
}

std::array<Ids, 4> letters_after(const llm::Tokenizer& tokenizer, std::string_view context) {
  return {continuation_ids(tokenizer, context, " A"), continuation_ids(tokenizer, context, " B"),
          continuation_ids(tokenizer, context, " C"), continuation_ids(tokenizer, context, " D")};
}

}  // namespace

bool AnswerLetters::single() const {
  return std::ranges::all_of(tails, [](const Ids& tail) { return tail.size() == 1; });
}

Ids continuation_ids(const llm::Tokenizer& tokenizer, std::string_view context, std::string_view continuation) {
  const auto before = tokenizer.encode(context, llm::Tokenizer::Special::leave_out);
  const auto both =
      tokenizer.encode(std::string{context} + std::string{continuation}, llm::Tokenizer::Special::leave_out);
  if (both.size() <= before.size() || !std::equal(before.begin(), before.end(), both.begin()))
    throw InputError{
        {.key = "tokenizer",
         .problem = fmt::format("joins \"{}\" to the text before it, so answers cannot be scored", continuation),
         .remedy = "use a model whose tokenizer begins a new token at a space"}};
  return {both.begin() + std::ssize(before), both.end()};
}

AnswerLetters answer_letters(const llm::Tokenizer& tokenizer) {
  AnswerLetters letters{.lead = {}, .tails = letters_after(tokenizer, "Answer:")};
  if (letters.tails != letters_after(tokenizer, "Answers: Q1:"))
    throw InputError{{.key = "tokenizer",
                      .problem = "writes an answer's letter in different ways after different prompts",
                      .remedy = "use a model whose tokenizer begins a new token at a space"}};
  letters.lead = common_beginning(letters.tails);
  for (auto& tail : letters.tails)
    tail.erase(tail.begin(), tail.begin() + std::ssize(letters.lead));
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 4; ++j)
      if (i != j && std::ranges::mismatch(letters.tails[i], letters.tails[j]).in1 == letters.tails[i].end())
        throw InputError{{.key = "tokenizer",
                          .problem = "does not tell the letters A to D apart",
                          .remedy = "use a tokenizer whose vocabulary holds them"}};
  return letters;
}

std::vector<int> choose_letters(const llm::Model& model, const llm::Adapter* adapter, const AnswerLetters& letters,
                                std::span<const Ids> prompts) {
  if (prompts.empty()) return {};
  return letters.single() ? choose_by_logit(model, adapter, letters, prompts)
                          : choose_by_likelihood(model, adapter, letters, prompts);
}

}  // namespace edgefuse::server
