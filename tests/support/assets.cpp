#include "tests/support/assets.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace edgefuse::testing {
namespace {

/// Removes the program's scratch space on exit.
struct Scratch {
  std::filesystem::path root = std::filesystem::temp_directory_path() / ("edgefuse-test-" + std::to_string(::getpid()));
  int next = 0;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(root, ignored);
  }
};

}  // namespace

std::filesystem::path project_root() {
  return EDGEFUSE_SOURCE_DIR;
}

std::filesystem::path assets() {
  const char* set = std::getenv("EDGEFUSE_ASSETS");
  return set != nullptr ? std::filesystem::path{set} : project_root() / ".." / "shared";
}

std::filesystem::path scratch_folder() {
  static Scratch scratch;
  auto folder = scratch.root / std::to_string(scratch.next++);
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace edgefuse::testing
