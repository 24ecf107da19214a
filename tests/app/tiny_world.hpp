#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace edgefuse::app::testing {

/// Everything a run needs, made up on the spot: a random two-layer model with a tokenizer of its own, instructions of
/// two organisations, and a scenario of six clients that trains on them in well under a second.
struct TinyWorld {
  std::filesystem::path folder;    // fresh
  std::filesystem::path model;     // folder/model
  std::filesystem::path scenario;  // folder/tiny.toml

  TinyWorld();

  /// Overwrites a file of the world.
  void write(const std::filesystem::path& file, const std::string& text) const;
};

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};
/// Runs the program in this process.
[[nodiscard]] Outcome edgefuse(const std::vector<std::string>& arguments);

}  // namespace edgefuse::app::testing
