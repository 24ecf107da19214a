#pragma once

#include <gtest/gtest.h>

#include <filesystem>

namespace edgefuse::testing {

/// Where real models and oracles lie: the environment's EDGEFUSE_ASSETS, else `../shared` beside the project.
[[nodiscard]] std::filesystem::path assets();
/// The project's own root, for files that are part of it.
[[nodiscard]] std::filesystem::path project_root();
/// A fresh, empty folder for this test, removed when the program ends.
[[nodiscard]] std::filesystem::path scratch_folder();

}  // namespace edgefuse::testing

/// Skips the test, saying what is missing, when `path` (relative to the assets) is not there.
#define EDGEFUSE_NEEDS_ASSET(path)                                      \
  if (!std::filesystem::exists(::edgefuse::testing::assets() / (path))) \
  GTEST_SKIP() << (::edgefuse::testing::assets() / (path)).string() << " is not here (set EDGEFUSE_ASSETS)"
