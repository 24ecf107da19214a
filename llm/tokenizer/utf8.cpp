#include "llm/tokenizer/utf8.hpp"

#include <cstdint>

#include <unicode/utf8.h>

#include "sim/expects.hpp"
#include "sim/utf8.hpp"

namespace edgefuse::llm::tokenizing {

char32_t next_code_point(std::string_view text, std::size_t& at) {
  EDGEFUSE_EXPECTS(text.size() <= INT32_MAX, "ICU's UTF-8 routines count in 32 bits");
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto length = static_cast<std::int32_t>(text.size());
  auto index = static_cast<std::int32_t>(at);
  UChar32 point = 0;
  U8_NEXT(bytes, index, length, point);
  at = static_cast<std::size_t>(index);
  return point < 0 ? U'\uFFFD' : static_cast<char32_t>(point);
}

void append_utf8(std::string& text, char32_t point) {
  char bytes[U8_MAX_LENGTH];
  std::int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, point);
  text.append(bytes, static_cast<std::size_t>(length));
}

bool is_utf8(std::string_view text) {
  return !first_invalid_utf8(text);
}

std::string repaired_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string{text};
  std::string repaired;
  for (std::size_t at = 0; at < text.size();)
    append_utf8(repaired, next_code_point(text, at));
  return repaired;
}

}  // namespace edgefuse::llm::tokenizing
