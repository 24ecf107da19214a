#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "llm/safetensors.hpp"

namespace edgefuse::llm {

/// The tensors of a model folder, wherever they lie: in `model.safetensors`, or in the shards that
/// `model.safetensors.index.json` names.
class Checkpoint {
 public:
  /// Throws InputError when neither is there, or a shard is missing, damaged, or lacks what the index says it holds.
  explicit Checkpoint(const std::filesystem::path& folder);

  /// The file that speaks for the whole: the one file, or the index.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Every tensor's name and the position of its file.
  [[nodiscard]] const std::map<std::string, std::size_t, std::less<>>& names() const { return names_; }
  [[nodiscard]] const SafetensorsFile& file_of(const std::string& name) const { return files_.at(names_.at(name)); }

 private:
  void open_shards(const std::filesystem::path& folder);

  std::filesystem::path path_;
  std::vector<SafetensorsFile> files_;
  std::map<std::string, std::size_t, std::less<>> names_;
};

}  // namespace edgefuse::llm
