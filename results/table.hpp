#pragma once

#include <string>

#include "results/summary.hpp"

namespace edgefuse::results {

/// The summary as text for a terminal of 100 columns: models by metrics with 95 % intervals, marks where a model is
/// clearly worse than the base (their intervals do not overlap) or not distinguishable from guessing, and what the run
/// cost.
[[nodiscard]] std::string to_table(const Summary& summary);

}  // namespace edgefuse::results
