#include "llm/tokenizer/byte_alphabet.hpp"

#include <array>

#include "llm/tokenizer/utf8.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

constexpr bool stands_for_itself(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

constexpr std::array<char32_t, 256> make_letters() {
  std::array<char32_t, 256> letters{};
  char32_t next = 0x100;
  for (int byte = 0; byte < 256; ++byte)
    letters[static_cast<std::size_t>(byte)] = stands_for_itself(byte) ? static_cast<char32_t>(byte) : next++;
  return letters;
}

constexpr auto letters = make_letters();
constexpr std::size_t letter_end = 0x100 + 68;  // 68 bytes do not stand for themselves

constexpr std::array<std::int16_t, letter_end> make_bytes() {
  std::array<std::int16_t, letter_end> bytes{};
  for (auto& byte : bytes)
    byte = -1;
  for (std::size_t byte = 0; byte < letters.size(); ++byte)
    bytes[letters[byte]] = static_cast<std::int16_t>(byte);
  return bytes;
}

constexpr auto bytes = make_bytes();

}  // namespace

char32_t byte_to_letter(std::uint8_t byte) {
  return letters[byte];
}

std::optional<std::uint8_t> letter_to_byte(char32_t letter) {
  if (letter >= letter_end || bytes[letter] < 0) return std::nullopt;
  return static_cast<std::uint8_t>(bytes[letter]);
}

std::string in_letters(std::string_view text) {
  std::string written;
  written.reserve(text.size() * 2);
  for (const char byte : text)
    append_utf8(written, byte_to_letter(static_cast<std::uint8_t>(byte)));
  return written;
}

}  // namespace edgefuse::llm::tokenizing
