#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "sim/error.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::testing {

/// Writes `text` to `folder / name`, with the folders above it.
inline std::filesystem::path write(const std::filesystem::path& folder, const std::filesystem::path& name,
                                   std::string_view text) {
  const auto file = folder / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream{file, std::ios::binary} << text;
  return file;
}

/// The mistakes that `action` throws as InputError; none when it throws nothing.
template <class Action>
std::vector<Mistake> mistakes_of(Action&& action) {
  try {
    static_cast<void>(action());
  } catch (const InputError& error) {
    return {error.mistakes().begin(), error.mistakes().end()};
  }
  return {};
}

/// "line key: problem" of each mistake, joined by " | ", for one readable comparison.
inline std::string summary(const std::vector<Mistake>& mistakes) {
  std::string text;
  for (const auto& mistake : mistakes) {
    if (!text.empty()) text += " | ";
    if (mistake.line > 0) text += std::to_string(mistake.line) + " ";
    if (!mistake.key.empty()) text += mistake.key + ": ";
    text += mistake.problem;
  }
  return text;
}

}  // namespace edgefuse::testing
