#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "iso-c-core" (Iso-C, 2502.04959): the sum of the changes with all its singular values set to their mean, times α.
/// Inside the core space (core_space.hpp), where the published form spreads energy over the whole of min(out, in)
/// directions, most of which no adapter has touched. Weights do not count; factors only.
[[nodiscard]] Method<FusionRule> iso_c_core_rule();

}  // namespace edgefuse::server
