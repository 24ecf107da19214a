#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/error.hpp"
#include "sim/parameters.hpp"

namespace edgefuse::scenarios {

/// How a scenario was spelled: its file, the text as written, the overrides, and where each key stands. None of it
/// changes what the scenario says, so two sources always compare equal.
struct Source {
  std::string file;
  std::string text;
  std::vector<std::string> overrides;
  std::map<std::string, Origin, std::less<>> keys;  // only keys that were written, such as "fusion.arm[1].rule"

  friend bool operator==(const Source&, const Source&) { return true; }

  /// Where `key` stands: there, else where the nearest table around it begins, else the file. An override stands in
  /// file "--set", line 0.
  [[nodiscard]] Origin origin(std::string key) const;
  [[nodiscard]] Mistake mistake(std::string key, std::string problem, std::string remedy = {}) const;
  /// `mistakes` in the order of the file; those of the command line and of other files come last, in theirs.
  [[nodiscard]] std::vector<Mistake> in_order(std::vector<Mistake> mistakes) const;
};

}  // namespace edgefuse::scenarios
