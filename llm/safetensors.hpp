#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "llm/mapped_file.hpp"

namespace edgefuse::llm {

/// What a safetensors header says of one tensor; the offsets count bytes from the end of the header.
struct TensorEntry {
  at::ScalarType dtype = at::kFloat;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// A safetensors file (https://github.com/huggingface/safetensors#format): 8 bytes of header length, a JSON header,
/// the tensors' bytes, little-endian and row-major. The file is memory-mapped; tensors read from it are copies, so
/// they outlive it.
class SafetensorsFile {
 public:
  /// Throws InputError, with every mistake at once, for a file that is truncated, longer than its header says, or whose
  /// header is no JSON, repeats a name, has unknown types, or offsets that overlap, leave holes or contradict a shape.
  explicit SafetensorsFile(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const std::map<std::string, TensorEntry, std::less<>>& entries() const { return entries_; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return metadata_; }
  [[nodiscard]] bool contains(std::string_view name) const { return entries_.find(name) != entries_.end(); }

  /// The tensor in the type it is stored in. Throws InputError when the file has none of that name.
  [[nodiscard]] at::Tensor read(std::string_view name) const;
  /// The same, converted.
  [[nodiscard]] at::Tensor read(std::string_view name, at::ScalarType dtype) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::size_t data_begin_ = 0;
  std::map<std::string, TensorEntry, std::less<>> entries_;
  std::map<std::string, std::string> metadata_;
};

/// Writes `tensors` in their own types, under a temporary name first, so that no half-written file is ever left under
/// `path`. Throws InputError when `path` cannot be written, RunError when writing fails midway (disk full).
void write_safetensors(const std::filesystem::path& path, const std::map<std::string, at::Tensor>& tensors);

}  // namespace edgefuse::llm
