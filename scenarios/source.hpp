#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/error.hpp"

namespace edgefuse::scenarios {

/// Where a value was written: a file and line, or "--set" and line 0.
struct Origin {
  std::string file;
  int line = 0;
};

/// How a scenario was spelled: its file, the text as written, the overrides, and where each key stands. None of it
/// changes what the scenario says, so two sources always compare equal.
struct Source {
  std::string file;
  std::string text;
  std::vector<std::string> overrides;
  std::map<std::string, Origin, std::less<>> keys;  // only keys that were written, such as "fusion.arm[1].rule"

  friend bool operator==(const Source&, const Source&) { return true; }

  /// A mistake at `key`: where the key stands, else where the nearest table around it does, else the file.
  [[nodiscard]] Mistake mistake(std::string key, std::string problem, std::string remedy = {}) const;
};

}  // namespace edgefuse::scenarios
