#include "sim/output_file.hpp"

#include <system_error>

#include <fmt/format.h>

#include "sim/error.hpp"

namespace edgefuse {

OutputFile::OutputFile(const std::filesystem::path& path)
    : path_{path}, partial_{path.string() + ".part"}, stream_{partial_, std::ios::binary | std::ios::trunc} {
  if (!stream_) {
    throw InputError{Mistake{.file = path.string(),
                             .problem = "cannot be written",
                             .remedy = "name a place in an existing folder that you may write to"}};
  }
}

OutputFile::~OutputFile() {
  stream_.close();
  std::error_code gone_already;
  std::filesystem::remove(partial_, gone_already);
}

void OutputFile::write(std::span<const std::byte> bytes) {
  stream_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void OutputFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  stream_.seekp(static_cast<std::streamoff>(offset));
  write(bytes);
}

void OutputFile::commit() {
  stream_.close();
  std::error_code error;
  if (stream_) std::filesystem::rename(partial_, path_, error);
  if (!stream_ || error) {
    throw RunError{fmt::format("{} could not be written whole; what stood there before is unchanged", path_.string())};
  }
}

void write_text_file(const std::filesystem::path& path, std::string_view text) {
  OutputFile file{path};
  file.write(std::as_bytes(std::span{text}));
  file.commit();
}

}  // namespace edgefuse
