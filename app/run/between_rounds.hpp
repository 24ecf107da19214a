#pragma once

#include <vector>

#include "app/run/arms.hpp"
#include "scenarios/scenario.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {

/// Whether an update may be fused in a later round than it was begun in, under protocol "deadline".
[[nodiscard]] bool keeps_late_updates(const scenarios::Protocol& protocol);

/// What does not go together of what a round leaves to the next: `recovery.between_rounds`, the protocol, which factors
/// are trained, how they travel, and the server's optimiser (docs/models/federated-lora.md). `arms` may be empty.
void check_between_rounds(const scenarios::Scenario& scenario, const std::vector<Arm>& arms, Mistakes& mistakes);

}  // namespace edgefuse::app
