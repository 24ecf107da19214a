#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace edgefuse {

/// The bytes of a file. Throws InputError for a file that cannot be read or is empty.
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

/// The bytes of a UTF-8 file, without a byte-order mark. Throws InputError for what read_file refuses, for a file with
/// nothing but that mark, and for invalid UTF-8, with the line.
[[nodiscard]] std::string read_text_file(const std::filesystem::path& file);

/// The line, from 1, on which byte `offset` of `text` lies.
[[nodiscard]] int line_of(std::string_view text, std::size_t offset);

}  // namespace edgefuse
