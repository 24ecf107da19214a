#pragma once

#include <string_view>

namespace edgefuse::results {

/// Attributes `filetype` and `schema_version` of every result file. A reader of 1.x reads every 1.y: a newer
/// one may add attributes, columns and tables, which an older reader passes over, and which a newer reader does not
/// expect in an older file. A change that an old reader would misread makes 2.0.
inline constexpr std::string_view file_type = "edgefuse.results";
inline constexpr std::string_view schema_version = "1.3";

}  // namespace edgefuse::results
