#include "app/run/data_files.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/mistakes.hpp"

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& folder, std::initializer_list<std::string_view> endings) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{folder}) {
    const auto ending = entry.path().extension().string();
    if (entry.is_regular_file() && std::ranges::find(endings, ending) != endings.end()) files.push_back(entry.path());
  }
  std::ranges::sort(files, {}, [](const fs::path& file) { return file.filename().string(); });
  return files;
}

}  // namespace

std::vector<fs::path> data_paths(const scenarios::Scenario& scenario, const fs::path& assets) {
  std::vector<fs::path> paths;
  Mistakes mistakes;
  for (const auto& written : scenario.data.paths) {
    paths.push_back(scenarios::locate(written, assets));
    if (!fs::exists(paths.back()))
      mistakes.add(scenario.source.mistake("data.paths", fmt::format("{} does not exist", paths.back().string()),
                                           "paths that begin with assets: lie in EDGEFUSE_ASSETS"));
  }
  if (paths.empty())
    mistakes.add(scenario.source.mistake("data.paths",
                                         fmt::format("source \"{}\" needs at least one path", scenario.data.source),
                                         "such as paths = [\"assets:data/dolly-15k-fl10/local_training_0.json\"]"));
  mistakes.finish();
  return paths;
}

std::vector<fs::path> data_files(const scenarios::Scenario& scenario, const fs::path& assets,
                                 std::initializer_list<std::string_view> endings) {
  std::vector<fs::path> files;
  Mistakes mistakes;
  for (const auto& path : data_paths(scenario, assets)) {
    const auto found = fs::is_directory(path) ? files_in(path, endings) : std::vector{path};
    files.insert(files.end(), found.begin(), found.end());
    if (found.empty())
      mistakes.add(scenario.source.mistake(
          "data.paths", fmt::format("the folder {} holds no {} file", path.string(), fmt::join(endings, " or ")),
          "name a folder that does, or the files themselves; folders below it are not read"));
  }
  std::set<fs::path> seen;
  for (const auto& file : files)
    if (!seen.insert(fs::weakly_canonical(file)).second)
      mistakes.add(scenario.source.mistake("data.paths", fmt::format("{} is named twice", file.string()),
                                           "name each file once; a folder stands for all its files"));
  mistakes.finish();
  return files;
}

}  // namespace edgefuse::app
