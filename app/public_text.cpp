#include "app/public_text.hpp"

#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "llm/scoring.hpp"
#include "sim/error.hpp"
#include "sim/input_file.hpp"

namespace edgefuse::app {

PublicText::PublicText(std::span<const std::filesystem::path> files, const llm::Tokenizer& tokenizer) {
  for (const auto& file : files) {
    const auto tokens = tokenizer.encode(read_text_file(file), llm::Tokenizer::Special::leave_out);
    if (tokens.empty())
      throw InputError{Mistake{.file = file.string(), .problem = "holds no text", .remedy = "name a file of public text"}};
    tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
    origin_ += (origin_.empty() ? "" : ", ") + file.string();
  }
}

PublicText::PublicText(std::vector<std::int64_t> tokens, std::string origin)
    : tokens_{std::move(tokens)}, origin_{std::move(origin)} {}

std::span<const std::int64_t> PublicText::to_learn() const {
  return std::span{tokens_}.first(tokens_.size() - tokens_.size() / 4);
}

std::span<const std::int64_t> PublicText::held_out() const {
  return std::span{tokens_}.last(tokens_.size() / 4);
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
