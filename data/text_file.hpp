#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace edgefuse::data {

/// The bytes of a UTF-8 file, without a byte-order mark. Throws InputError for a file that cannot be read or is empty,
/// and for invalid UTF-8, with the line.
[[nodiscard]] std::string read_text_file(const std::filesystem::path& file);

/// The line, from 1, on which byte `offset` of `text` lies.
[[nodiscard]] int line_of(std::string_view text, std::size_t offset);

}  // namespace edgefuse::data
