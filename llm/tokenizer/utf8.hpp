#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace edgefuse::llm::tokenizing {

/// The code point that begins at `at`, which moves behind it; U+FFFD for each maximal ill-formed part (Unicode 3.9,
/// the practice of Rust's from_utf8_lossy and of the web).
[[nodiscard]] char32_t next_code_point(std::string_view text, std::size_t& at);

void append_utf8(std::string& text, char32_t point);

[[nodiscard]] bool is_utf8(std::string_view text);

/// `text` with every maximal ill-formed part replaced by U+FFFD.
[[nodiscard]] std::string repaired_utf8(std::string_view text);

}  // namespace edgefuse::llm::tokenizing
