#pragma once

#include "clients/policy/ratio_policy.hpp"

namespace edgefuse::clients {

/// "fixed": everybody trains at one ratio, or not at all where memory does not allow it.
[[nodiscard]] Method<RatioPolicy> fixed();

}  // namespace edgefuse::clients
