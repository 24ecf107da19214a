#include "llm/module_patterns.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace edgefuse::llm {

ModulePatterns::ModulePatterns(JsonReader& reader, const std::string& key) : key_{key} {
  const auto given = reader.object().value(key, nlohmann::json{});
  if (given.is_null()) return;
  if (!given.is_object()) {
    reader.note(key, fmt::format("is {}", given.dump()), "give an object of names and numbers");
    return;
  }
  for (const auto& [text, value] : given.items()) {
    const bool usable = value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() > 0;
    if (!usable) {
      reader.note(key, fmt::format("gives {} for \"{}\"", value.dump(), text), "give a number above 0");
      continue;
    }
    try {
      patterns_.push_back({.text = text, .expression = std::regex{"(.*\\.)?(" + text + ")"}, .value = value});
    } catch (const std::regex_error&) {
      reader.note(key, fmt::format("names \"{}\", which is no regular expression that is read here", text),
                  "name modules, or use what Python's and ECMAScript's expressions share");
    }
  }
}

void ModulePatterns::require_whole(JsonReader& reader) const {
  for (const auto& pattern : patterns_)
    if (pattern.value != std::floor(pattern.value))
      reader.note(key_, fmt::format("gives {} for \"{}\"", pattern.value, pattern.text), "give a whole number");
}

std::optional<double> ModulePatterns::of(ModuleId id, JsonReader& reader) const {
  const Pattern* found = nullptr;
  for (const auto& pattern : patterns_) {
    if (!std::regex_match(id.name(), pattern.expression)) continue;
    if (found != nullptr && found->value != pattern.value)
      reader.note(key_, fmt::format("has \"{}\" and \"{}\" for {}", found->text, pattern.text, id.name()),
                  "leave one of them");
    found = &pattern;
  }
  return found == nullptr ? std::nullopt : std::optional{found->value};
}

}  // namespace edgefuse::llm
