#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgefuse::llm::tokenizing {

/// GPT-2's reversible alphabet: every byte is written as one printable code point, a space as 'Ġ' (U+0120).
/// Printable bytes of Latin-1 stand for themselves; the others, in order, are U+0100 onwards.
[[nodiscard]] char32_t byte_to_letter(std::uint8_t byte);

/// The byte a letter of the alphabet stands for; empty for any other code point.
[[nodiscard]] std::optional<std::uint8_t> letter_to_byte(char32_t letter);

/// Every byte of `text` as a letter, in UTF-8.
[[nodiscard]] std::string in_letters(std::string_view text);

}  // namespace edgefuse::llm::tokenizing
