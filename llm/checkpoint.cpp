#include "llm/checkpoint.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "llm/json_reader.hpp"
#include "sim/error.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;

/// File name to the tensors that the index expects in it.
using Shards = std::map<std::string, std::vector<std::string>>;

Shards read_index(const std::filesystem::path& path) {
  const json index = read_json_object(path);
  JsonReader reader{index, path};
  Shards shards;
  const json map = index.value("weight_map", json{});
  if (!map.is_object() || map.empty()) {
    reader.note("weight_map", "is no object of tensor and file names", "download the index again");
  } else {
    for (const auto& [tensor, file] : map.items()) {
      const auto name = file.is_string() ? file.get<std::string>() : std::string{};
      if (name.empty() || std::filesystem::path{name}.filename() != name) {
        reader.note("weight_map." + tensor, fmt::format("is {}", file.dump()), "name a file of the same folder");
      } else {
        shards[name].push_back(tensor);
      }
    }
  }
  reader.throw_mistakes();
  return shards;
}

}  // namespace

Checkpoint::Checkpoint(const std::filesystem::path& folder) : path_{folder / "model.safetensors"} {
  if (!std::filesystem::exists(path_)) {
    open_shards(folder);
    return;
  }
  files_.emplace_back(path_);
  for (const auto& [name, entry] : files_.front().entries())
    names_.emplace(name, 0);
}

void Checkpoint::open_shards(const std::filesystem::path& folder) {
  const auto single = std::exchange(path_, folder / "model.safetensors.index.json");
  if (!std::filesystem::exists(path_)) {
    throw InputError{Mistake{.file = single.string(),
                             .problem = "is missing, and so is model.safetensors.index.json",
                             .remedy = "convert the weights to safetensors if they are in another format"}};
  }
  std::vector<Mistake> mistakes;
  for (const auto& [file, tensors] : read_index(path_)) {
    try {
      files_.emplace_back(folder / file);
    } catch (const InputError& error) {
      mistakes.insert(mistakes.end(), error.mistakes().begin(), error.mistakes().end());
      continue;
    }
    for (const std::string& name : tensors) {
      if (!files_.back().contains(name)) {
        mistakes.push_back({.file = files_.back().path().string(),
                            .line = 0,
                            .key = name,
                            .problem = "is not in this file although the index says so",
                            .remedy = "download the index and the file again"});
      }
      names_.emplace(name, files_.size() - 1);
    }
  }
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
}

}  // namespace edgefuse::llm
