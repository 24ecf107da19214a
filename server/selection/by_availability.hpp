#pragma once

#include "server/selection/selection.hpp"

namespace edgefuse::server {

/// "by-availability": rather those that so far have stayed to the end: without replacement with weights w^sharpness,
/// w = (returned + 1) / (started + 2), which is the rule of succession (Laplace 1814).
[[nodiscard]] Method<Selection> by_availability_selection();

}  // namespace edgefuse::server
