#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "llm/config.hpp"
#include "llm/model.hpp"
#include "llm/pruning/calibration.hpp"
#include "llm/tokenizer.hpp"

namespace edgefuse::app {

/// Stretches of a text: how many and how long, in tokens.
struct Stretches {
  std::int64_t count = 0;
  std::int64_t tokens = 0;  // those that begin it included
};

/// Text that anybody may read, as tokens: pruners are calibrated and variants aligned on its first three quarters, and
/// what pruning did is measured on the last, which nobody has seen. Each stretch begins as the model's texts do: with
/// what the tokenizer's template puts first, else with the config's BOS. (Models that always saw one are lost without.)
class PublicText {
 public:
  /// Throws InputError when a file cannot be read or holds no text.
  PublicText(std::span<const std::filesystem::path> files, const llm::Tokenizer& tokenizer,
             const llm::ModelConfig& config);
  PublicText(std::vector<std::int64_t> tokens, std::string origin, const llm::Tokenizer& tokenizer,
             const llm::ModelConfig& config);

  /// Of the first three quarters. Throws InputError when there is less text than asked for.
  [[nodiscard]] llm::Calibration to_learn(const Stretches& stretches) const;
  /// Of the last quarter, or of the whole; fewer when there is less text. Throws InputError when there is none.
  [[nodiscard]] llm::Calibration held_out(const Stretches& stretches) const;
  [[nodiscard]] llm::Calibration whole(const Stretches& stretches) const;

 private:
  [[nodiscard]] llm::Calibration cut(std::span<const std::int64_t> tokens, const Stretches& stretches) const;
  [[nodiscard]] llm::Calibration as_many_as_there_are(std::span<const std::int64_t> tokens, Stretches stretches) const;

  std::vector<std::int64_t> tokens_;
  std::string origin_;
  std::vector<std::int64_t> beginning_;
};

/// exp of the mean negative log-likelihood over the texts, each token after a text's first predicted from those before.
[[nodiscard]] double perplexity(const llm::Model& model, const llm::Calibration& texts);

}  // namespace edgefuse::app
