#pragma once

#include "clients/policy/ratio_policy.hpp"

namespace edgefuse::clients {

/// "bandit": every device class learns by UCB1 (Auer et al. 2002) which ratio and rank lowers the loss fastest, after
/// FedSpine (2501.02438; docs/models/policies.md).
[[nodiscard]] Method<RatioPolicy> bandit();

}  // namespace edgefuse::clients
