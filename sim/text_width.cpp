#include "sim/text_width.hpp"

#include <algorithm>

namespace edgefuse {
namespace {

/// Whether a byte begins a character, and does not just continue one.
bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

/// The byte at which what lies past the first `columns` begins: cut there, no character is cut in two.
std::size_t byte_past(std::string_view text, std::size_t columns) {
  for (std::size_t byte = 0; byte < text.size(); ++byte) {
    if (begins_character(text[byte]) && columns-- == 0) return byte;
  }
  return text.size();
}

std::string filling(std::string_view text, std::size_t columns) {
  const auto taken = text_width(text);
  return std::string(columns > taken ? columns - taken : 0, ' ');
}

}  // namespace

std::size_t text_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string left_aligned(std::string_view text, std::size_t columns) {
  return std::string{text} + filling(text, columns);
}

std::string right_aligned(std::string_view text, std::size_t columns) {
  return filling(text, columns).append(text);
}

std::string shortened(std::string_view name, std::size_t columns) {
  const auto wide = text_width(name);
  if (wide <= columns) return std::string{name};
  const auto head = (columns - 1) / 2;
  const auto tail = columns - 1 - head;
  return std::string{name.substr(0, byte_past(name, head))} + "…" +
         std::string{name.substr(byte_past(name, wide - tail))};
}

std::string ruled_line(std::size_t columns) {
  std::string line;
  for (std::size_t i = 0; i < columns; ++i)
    line += "─";
  return line;
}

}  // namespace edgefuse
