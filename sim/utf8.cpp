#include "sim/utf8.hpp"

#include <cstdint>

#include <unicode/utf8.h>

namespace edgefuse {

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto length = static_cast<std::int64_t>(text.size());
  std::int64_t at = 0;
  while (at < length) {
    const auto begin = at;
    UChar32 point = 0;
    U8_NEXT(bytes, at, length, point);
    if (point < 0) return static_cast<std::size_t>(begin);
  }
  return std::nullopt;
}

}  // namespace edgefuse
