#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "llm/safetensors.hpp"
#include "sim/output_file.hpp"

namespace edgefuse::llm {

/// Type and shape of a tensor that is still to come.
struct TensorType {
  at::ScalarType dtype = at::kFloat;
  std::vector<std::int64_t> shape;
};

/// A safetensors file that is written one tensor at a time, in any order, so that no more than one need be in memory.
/// The file appears under its name when `commit()` finds it whole.
class SafetensorsWriter {
 public:
  /// Throws InputError when the place cannot be written.
  SafetensorsWriter(const std::filesystem::path& path, const std::map<std::string, TensorType>& tensors);

  /// Each of the promised tensors once, in its type and shape.
  void write(const std::string& name, const at::Tensor& tensor);
  /// Throws RunError when the bytes could not all be written, such as on a full disk.
  void commit();

 private:
  OutputFile file_;
  std::uint64_t data_begin_ = 0;
  std::map<std::string, TensorEntry> missing_;
};

}  // namespace edgefuse::llm
