#pragma once

#include <string>

#include "results/summary.hpp"

namespace edgefuse::results {

/// What a run took, in lines for a terminal: virtual time, what became of the clients and how evenly they were used,
/// traffic and energy.
[[nodiscard]] std::string cost_text(const Summary& summary);

}  // namespace edgefuse::results
