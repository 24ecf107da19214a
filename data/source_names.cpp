#include "data/source_names.hpp"

#include <map>

#include "sim/expects.hpp"

namespace edgefuse::data {
namespace {

namespace fs = std::filesystem;

/// Detail 0 is the stem, 1 the file name, and each further one adds the folder above.
std::string name_of(const fs::path& file, std::size_t detail) {
  if (detail == 0) return file.stem().string();
  fs::path name = file.filename();
  auto folder = file.parent_path();
  for (std::size_t i = 1; i < detail && folder.has_filename(); ++i, folder = folder.parent_path())
    name = folder.filename() / name;
  return name.string();
}

std::size_t parts_of(const fs::path& path) {
  return static_cast<std::size_t>(std::distance(path.begin(), path.end()));
}

std::vector<std::size_t> alike(const std::vector<std::string>& names) {
  std::map<std::string_view, std::size_t> count;
  for (const auto& name : names)
    ++count[name];
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (count[names[i]] > 1) indices.push_back(i);
  return indices;
}

}  // namespace

std::vector<std::string> source_names(std::span<const fs::path> files) {
  std::vector<fs::path> whole;
  std::vector<std::string> names;
  for (const auto& file : files) {
    whole.push_back(fs::absolute(file).lexically_normal());
    names.push_back(name_of(whole.back(), 0));
  }
  std::vector<std::size_t> detail(files.size());
  for (auto same = alike(names); !same.empty(); same = alike(names)) {
    for (const auto i : same) {
      ++detail[i];
      EDGEFUSE_EXPECTS(detail[i] <= parts_of(whole[i]), "no file is there twice");
      names[i] = name_of(whole[i], detail[i]);
    }
  }
  return names;
}

}  // namespace edgefuse::data
