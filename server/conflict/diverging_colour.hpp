#pragma once

#include <string>
#include <string_view>

namespace edgefuse::server {

/// A colour between blue (-1) over nearly white (0) to red (1), as "#rrggbb": ColorBrewer's RdBu, whose ends and order
/// of lightness colour-blind readers can tell. What lies beyond is cut to [-1, 1].
[[nodiscard]] std::string diverging_colour(double value);

/// The colour of letters on it.
[[nodiscard]] std::string_view ink_on_diverging(double value);

}  // namespace edgefuse::server
