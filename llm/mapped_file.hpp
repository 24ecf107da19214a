#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace edgefuse::llm {

/// A regular file mapped read-only into memory for as long as the object lives.
class MappedFile {
 public:
  /// Throws InputError when the file is missing, unreadable or not a regular file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace edgefuse::llm
