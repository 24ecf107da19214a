#pragma once

#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "llm/json_reader.hpp"
#include "llm/module_id.hpp"

namespace edgefuse::llm {

/// PEFT's `rank_pattern` and `alpha_pattern`: numbers for some modules in place of the adapter's own. Each key is a
/// regular expression that the module's name, or what follows one of its dots, matches.
class ModulePatterns {
 public:
  /// Those under `key`, none where it is absent. What is no expression or not above 0 is noted.
  ModulePatterns(JsonReader& reader, const std::string& key);

  /// Notes what is no whole number.
  void require_whole(JsonReader& reader) const;

  /// The number for that module. Of several expressions PEFT takes the one that was written first; they must agree
  /// here, and the reader notes where they do not.
  [[nodiscard]] std::optional<double> of(ModuleId id, JsonReader& reader) const;

 private:
  struct Pattern {
    std::string text;
    std::regex expression;
    double value = 0;
  };

  std::string key_;
  std::vector<Pattern> patterns_;
};

}  // namespace edgefuse::llm
