#include "app/run/public_source.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/longest_text.hpp"
#include "app/run/atlas_world.hpp"
#include "data/atlas/pretraining_text.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;

/// The place itself, or every file below it through links too, and each folder once.
std::vector<fs::path> files_of(const fs::path& place) {
  if (!fs::is_directory(place)) return {place};
  std::vector<fs::path> files;
  std::vector<fs::path> folders = {place};
  std::set<fs::path> seen = {fs::weakly_canonical(place)};
  while (!folders.empty()) {
    const auto folder = std::move(folders.back());
    folders.pop_back();
    for (const auto& entry : fs::directory_iterator{folder}) {
      if (!entry.is_directory())
        files.push_back(entry.path());
      else if (seen.insert(fs::weakly_canonical(entry.path())).second)
        folders.push_back(entry.path());
    }
  }
  return files;
}

bool same_text(const fs::path& a, const fs::path& b) {
  std::error_code none;  // what cannot be read is not the same
  const auto size = fs::file_size(a, none);
  if (none || size == 0 || size != fs::file_size(b, none)) return false;
  using Bytes = std::istreambuf_iterator<char>;
  std::ifstream of_a{a, std::ios::binary};
  std::ifstream of_b{b, std::ios::binary};
  return std::equal(Bytes{of_a}, Bytes{}, Bytes{of_b}, Bytes{});
}

/// Whether `file` is `place`, lies in it under whatever name, or is a copy of what does.
bool lies_in(const fs::path& file, const fs::path& place) {
  const auto relative = fs::weakly_canonical(file).lexically_relative(fs::weakly_canonical(place));
  if (!relative.empty() && *relative.begin() != "..") return true;
  return std::ranges::any_of(files_of(place), [&](const fs::path& held) {
    std::error_code none;  // what is not there is not the same
    return fs::equivalent(file, held, none) || same_text(file, held);
  });
}

std::vector<fs::path> public_files(const scenarios::Scenario& scenario, const fs::path& assets) {
  std::vector<fs::path> files;
  Mistakes mistakes;
  const auto refuse = [&](std::string problem, std::string remedy) {
    mistakes.add(scenario.source.mistake("public.paths", std::move(problem), std::move(remedy)));
  };
  for (const auto& written : scenario.public_text.paths) {
    const auto& file = files.emplace_back(scenarios::locate(written, assets));
    if (!fs::is_regular_file(file)) refuse(fmt::format("{} is no file", file.string()), "name files of text");
    for (const auto& held : scenario.data.paths) {
      try {
        if (lies_in(file, scenarios::locate(held, assets)))
          refuse(fmt::format("{} is what clients hold: private", file.string()), "name text that anybody may read");
      } catch (const fs::filesystem_error& error) {
        refuse(fmt::format("nobody can say whether {} is what clients hold: {}", file.string(), error.what()),
               "make what data.paths names readable");
      }
    }
  }
  mistakes.finish();
  return files;
}

/// As much as is asked for, and a third more to measure on.
PublicText atlas_text(const scenarios::Scenario& scenario, const llm::Tokenizer& tokenizer,
                      const llm::ModelConfig& config) {
  const data::atlas::PretrainingText source{make_world(scenario)};
  sim::Draws draws{{.seed = scenario.data.atlas.public_seed, .domain = sim::Domain::public_text}};
  const auto needed = scenario.public_text.texts * scenario.public_text.tokens * 4 / 3 + 4;
  constexpr std::int64_t lines = 64;
  std::vector<std::int64_t> tokens;
  while (std::ssize(tokens) < needed) {
    const auto part = tokenizer.encode(source.statements(lines, draws), llm::Tokenizer::Special::leave_out);
    tokens.insert(tokens.end(), part.begin(), part.end());
  }
  return {std::move(tokens), "the generated world's public text", tokenizer, config};
}

}  // namespace

PublicText public_text(const scenarios::Scenario& scenario, const fs::path& assets, const llm::Tokenizer& tokenizer,
                       const llm::ModelConfig& config) {
  if (scenario.public_text.tokens > longest_text(config))
    throw InputError{scenario.source.mistake(
        "public.tokens",
        fmt::format("is {}, and the model reads {} tokens", scenario.public_text.tokens, longest_text(config)),
        fmt::format("give at most {}", longest_text(config)))};
  if (!scenario.public_text.paths.empty()) return {public_files(scenario, assets), tokenizer, config};
  if (scenario.base.model == "atlas") return atlas_text(scenario, tokenizer, config);
  throw InputError{scenario.source.mistake("public.paths", "names no text, and the server is to look at some",
                                           "name files of text that anybody may read")};
}

}  // namespace edgefuse::app
