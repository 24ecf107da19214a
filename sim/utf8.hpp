#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace edgefuse {

/// Where `text` stops being UTF-8 (RFC 3629: no overlong forms, no surrogates); empty when it never does.
[[nodiscard]] std::optional<std::size_t> first_invalid_utf8(std::string_view text);

}  // namespace edgefuse
