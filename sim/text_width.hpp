#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace edgefuse {

// UTF-8 text where every character takes one column, as in tables of Latin, Greek or Cyrillic names.

/// Columns on the screen.
[[nodiscard]] std::size_t text_width(std::string_view text);

/// Filled up with spaces, at the end or at the front.
[[nodiscard]] std::string left_aligned(std::string_view text, std::size_t columns);
[[nodiscard]] std::string right_aligned(std::string_view text, std::size_t columns);

/// At most `columns` wide, 1 at least: a name that is too long loses its middle.
[[nodiscard]] std::string shortened(std::string_view name, std::size_t columns);

/// A line of box-drawing dashes.
[[nodiscard]] std::string ruled_line(std::size_t columns);

}  // namespace edgefuse
