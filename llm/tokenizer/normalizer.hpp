#pragma once

#include <string>
#include <variant>
#include <vector>

#include "llm/tokenizer/json_node.hpp"
#include "llm/tokenizer/pattern.hpp"

namespace edgefuse::llm::tokenizing {

enum class UnicodeForm { nfc, nfd, nfkc, nfkd };

/// Puts `text` before a text that is not empty.
struct Prepend {
  std::string text;
};

struct Replace {
  Pattern pattern;
  std::string content;
};

/// Removes white space from the ends.
struct StripSpace {
  bool left = true;
  bool right = true;
};

/// The `normalizer` of tokenizer.json: steps applied in order to each part of a text between added tokens.
class Normalizer {
 public:
  using Step = std::variant<UnicodeForm, Prepend, Replace, StripSpace>;

  Normalizer() = default;
  explicit Normalizer(std::vector<Step> steps) : steps_{std::move(steps)} {}

  [[nodiscard]] std::string operator()(std::string text) const;

 private:
  std::vector<Step> steps_;
};

/// NFC, NFD, NFKC, NFKD, Prepend, Replace, Strip and Sequence; InputError names any other.
[[nodiscard]] Normalizer read_normalizer(const JsonNode& node);

}  // namespace edgefuse::llm::tokenizing
