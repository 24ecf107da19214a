#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/conflict/diagnostics_summary.hpp"

namespace edgefuse::server {

/// The diagnostics as an SVG picture that needs nothing else. Left, adapters against adapters: the mean cosine of their
/// changes; right, modules against mean cosine, excess of unlike signs over chance and cancelled mass. Red is conflict,
/// blue agreement, and the legend says what the ends of the scale are: of each measure the first of 0.01, 0.02, 0.05,
/// ..., 1 that nothing exceeds. Cells show their values where there is room, and all say them when pointed at. `names`
/// are the contributions' by index.
[[nodiscard]] std::string heat_map(const ConflictSummary& summary, std::span<const ModuleDiagnostics> modules,
                                   std::span<const std::string> names, std::string_view title);

}  // namespace edgefuse::server
