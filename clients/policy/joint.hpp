#pragma once

#include "clients/policy/ratio_policy.hpp"

namespace edgefuse::clients {

/// "joint": the server allocates ratios, ranks and its own link to all that it invites together, so that the last of
/// them is back as early as possible, after JCPBA (Pang et al., 2602.01024; docs/models/policies.md).
[[nodiscard]] Method<RatioPolicy> joint();

}  // namespace edgefuse::clients
