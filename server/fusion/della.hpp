#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "della" (2406.11617): within each row of length n an entry's chance to be kept falls with its place r by magnitude,
/// 0 being the largest and an earlier entry larger than an equal one,
///
///     p_r = density + ε - 2·ε·r / (n - 1)            (p = density where n = 1)
///
/// kept entries are divided by their own p; then "ties-weighted" without trimming. Weights count, as given: for the
/// election and for the mean. Dense. ε is half of what the published code calls the window. Kept where a uniform number
/// of draws(seed, fusion_mask, module, client), one for each entry in row-major order, is at least 1 - p.
///
/// Throws InputError, when it is made, unless 0 < density - ε and density + ε <= 1.
[[nodiscard]] Method<FusionRule> della_rule();

}  // namespace edgefuse::server
