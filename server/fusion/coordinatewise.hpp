#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

// Byzantine-robust statistics of each entry over all T contributions (Yin et al., 1803.01498); a module that one lacks
// is zero there. Weights do not count: a liar would give itself a large one. Dense, in float64, rounded once.

/// "median": of each entry the median, for even T the mean of the two in the middle.
[[nodiscard]] Method<FusionRule> median_rule();

/// "trimmed-mean": of each entry the mean without the floor(trim·T) smallest and as many of the largest.
[[nodiscard]] Method<FusionRule> trimmed_mean_rule();

}  // namespace edgefuse::server
