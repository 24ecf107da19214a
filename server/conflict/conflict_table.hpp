#pragma once

#include <span>
#include <string>

#include "server/conflict/diagnostics_summary.hpp"

namespace edgefuse::server {

/// The diagnostics as text, a line for each module and one for all: how many changes there are, mean cosine, the most
/// opposed pair by name, unlike signs and their excess over chance, cancelled mass; then what these are. `names` are
/// the contributions' by index.
[[nodiscard]] std::string conflict_table(std::span<const ModuleDiagnostics> modules, const ConflictSummary& summary,
                                         std::span<const std::string> names);

}  // namespace edgefuse::server
