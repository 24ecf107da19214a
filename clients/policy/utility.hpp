#pragma once

#include "clients/policy/ratio_policy.hpp"

namespace edgefuse::clients {

/// "utility": of what fits its memory, the prospect with the most quality per second of its predicted time.
[[nodiscard]] Method<RatioPolicy> utility();

}  // namespace edgefuse::clients
