#include "app/public_text.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "llm/scoring.hpp"
#include "sim/error.hpp"
#include "sim/input_file.hpp"

namespace edgefuse::app {

namespace {

std::vector<std::int64_t> beginning_of_texts(const llm::Tokenizer& tokenizer, const llm::ModelConfig& config) {
  const auto& before = tokenizer.special_template().before;
  if (!before.empty() || !config.bos_token) return before;
  return {*config.bos_token};
}

std::vector<std::int64_t> tokens_of(std::span<const std::filesystem::path> files, const llm::Tokenizer& tokenizer) {
  std::vector<std::int64_t> all;
  for (const auto& file : files) {
    const auto tokens = tokenizer.encode(read_text_file(file), llm::Tokenizer::Special::leave_out);
    if (tokens.empty())
      throw InputError{
          Mistake{.file = file.string(), .problem = "holds no text", .remedy = "name a file of public text"}};
    all.insert(all.end(), tokens.begin(), tokens.end());
  }
  return all;
}

std::string names_of(std::span<const std::filesystem::path> files) {
  std::string names;
  for (const auto& file : files)
    names += (names.empty() ? "" : ", ") + file.string();
  return names;
}

}  // namespace

PublicText::PublicText(std::vector<std::int64_t> tokens, std::string origin, const llm::Tokenizer& tokenizer,
                       const llm::ModelConfig& config)
    : tokens_{std::move(tokens)}, origin_{std::move(origin)}, beginning_{beginning_of_texts(tokenizer, config)} {}

PublicText::PublicText(std::span<const std::filesystem::path> files, const llm::Tokenizer& tokenizer,
                       const llm::ModelConfig& config)
    : PublicText{tokens_of(files, tokenizer), names_of(files), tokenizer, config} {}

llm::Calibration PublicText::cut(std::span<const std::int64_t> tokens, const Stretches& stretches) const {
  const auto room = stretches.tokens - std::ssize(beginning_);
  if (room < 2)
    throw InputError{Mistake{.key = "tokens",
                             .problem = fmt::format("are {}, and the model's texts begin with {} of their own",
                                                    stretches.tokens, beginning_.size()),
                             .remedy = fmt::format("give at least {}", beginning_.size() + 2)}};
  auto calibration = llm::take_stretches(tokens, stretches.count, room, origin_);
  for (auto& text : calibration.texts)
    text.insert(text.begin(), beginning_.begin(), beginning_.end());
  return calibration;
}

llm::Calibration PublicText::as_many_as_there_are(std::span<const std::int64_t> tokens, Stretches stretches) const {
  const auto room = std::max<std::int64_t>(1, stretches.tokens - std::ssize(beginning_));
  stretches.count = std::min(stretches.count, std::max<std::int64_t>(1, std::ssize(tokens) / room));
  return cut(tokens, stretches);
}

llm::Calibration PublicText::to_learn(const Stretches& stretches) const {
  return cut(std::span{tokens_}.first(tokens_.size() - tokens_.size() / 4), stretches);
}

llm::Calibration PublicText::held_out(const Stretches& stretches) const {
  return as_many_as_there_are(std::span{tokens_}.last(tokens_.size() / 4), stretches);
}

llm::Calibration PublicText::whole(const Stretches& stretches) const {
  return as_many_as_there_are(tokens_, stretches);
}

double perplexity(const llm::Model& model, const llm::Calibration& texts) {
  std::vector<llm::Sequence> sequences;
  for (const auto& text : texts.texts)
    sequences.push_back({.ids = text, .labels = text});
  double nll = 0;
  std::int64_t predicted = 0;
  for (const auto& loss : llm::sequence_losses(model, nullptr, sequences)) {
    nll += loss.nll;
    predicted += loss.labels;
  }
  return std::exp(nll / static_cast<double>(predicted));
}

}  // namespace edgefuse::app
