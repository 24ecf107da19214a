#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "llm/tokenizer/json_node.hpp"
#include "llm/tokenizer/regex.hpp"

namespace edgefuse::llm::tokenizing {

/// What tokenizer.json calls a pattern: {"String": "..."} or {"Regex": "..."}.
class Pattern {
 public:
  explicit Pattern(std::variant<std::string, Regex> what) : what_{std::move(what)} {}

  [[nodiscard]] std::vector<Extent> find_all(std::string_view text) const;

 private:
  std::variant<std::string, Regex> what_;
};

/// Throws InputError for an empty string, an expression that does not compile, or any other kind.
[[nodiscard]] Pattern read_pattern(const JsonNode& node);

}  // namespace edgefuse::llm::tokenizing
