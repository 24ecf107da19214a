#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/result_file.hpp"
#include "scenarios/scenario.hpp"

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
  /// Replaces the first `from` of a file, which has to be there.
  void replace(const std::filesystem::path& file, const std::string& from, const std::string& to) const;
};

/// All that is in a file.
[[nodiscard]] std::string text_of(const std::filesystem::path& file);

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};
/// Runs the program in this process.
[[nodiscard]] Outcome edgefuse(const std::vector<std::string>& arguments);

/// A run of the world with these overrides ("key=value"): what it recorded, and what it told.
struct Recorded {
  results::ResultFile result;
  std::string err;
};
/// The run has to come to its end; else the test fails.
[[nodiscard]] Recorded recorded(const TinyWorld& world, const std::vector<std::string>& overrides = {});

/// The digest of such a run on so many threads.
[[nodiscard]] std::string digest_of(const TinyWorld& world, const std::vector<std::string>& overrides,
                                    const std::string& threads);

/// What `check` says of the world's scenario with these overrides, which it has to refuse.
[[nodiscard]] std::string complaint(const TinyWorld& world, const std::vector<std::string>& overrides);

/// The world's scenario with these overrides.
[[nodiscard]] scenarios::Scenario scenario_of(const TinyWorld& world, const std::vector<std::string>& overrides = {});

}  // namespace edgefuse::app::testing
