#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string_view>

namespace edgefuse {

/// A file that appears under its name only when it is whole: it is written beside it as `NAME.part` and renamed by
/// `commit()`. Without a commit the partial file is removed.
class OutputFile {
 public:
  /// Throws InputError when the place cannot be written.
  explicit OutputFile(const std::filesystem::path& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// At the end of what was written last.
  void write(std::span<const std::byte> bytes);
  /// At a place counted from the beginning of the file.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Throws RunError when the bytes could not all be written, such as on a full disk.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path partial_;
  std::ofstream stream_;
};

/// A whole text file, written the same way.
void write_text_file(const std::filesystem::path& path, std::string_view text);

}  // namespace edgefuse
