#include "llm/tokenizer/pattern.hpp"

#include <stdexcept>

namespace edgefuse::llm::tokenizing {

std::vector<Extent> Pattern::find_all(std::string_view text) const {
  if (const auto* literal = std::get_if<std::string>(&what_)) return find_literal(text, *literal);
  return std::get<Regex>(what_).find_all(text);
}

Pattern read_pattern(const JsonNode& node) {
  if (const auto literal = node.find("String")) {
    auto text = literal->text();
    if (text.empty()) literal->refuse("empty pattern");
    return Pattern{std::move(text)};
  }
  if (const auto expression = node.find("Regex")) {
    try {
      return Pattern{Regex{expression->text()}};
    } catch (const std::invalid_argument& error) {
      expression->refuse(error.what());
    }
  }
  node.refuse("unknown kind of pattern", "String and Regex are supported");
}

}  // namespace edgefuse::llm::tokenizing
