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

/// Text that anybody may read, as tokens: pruners are calibrated and variants aligned on its first three quarters, and
/// what pruning did is measured on the last, which nobody has seen.
class PublicText {
 public:
  /// Throws InputError when a file cannot be read or holds no text.
  PublicText(std::span<const std::filesystem::path> files, const llm::Tokenizer& tokenizer);
  explicit PublicText(std::vector<std::int64_t> tokens, std::string origin);

  /// Where it came from, for messages.
  [[nodiscard]] const std::string& origin() const { return origin_; }
  [[nodiscard]] std::span<const std::int64_t> all() const { return tokens_; }
  [[nodiscard]] std::span<const std::int64_t> to_learn() const;
  [[nodiscard]] std::span<const std::int64_t> held_out() const;

 private:
  std::vector<std::int64_t> tokens_;
  std::string origin_;
};

/// exp of the mean negative log-likelihood over the texts, each token after a text's first predicted from those before.
[[nodiscard]] double perplexity(const llm::Model& model, const llm::Calibration& texts);

}  // namespace edgefuse::app
