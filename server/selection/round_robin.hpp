#pragma once

#include "server/selection/selection.hpp"

namespace edgefuse::server {

/// "round-robin": those whose last start is the longest ago; those that never started first. Among the equal, those
/// with fewer starts, then lower ids. While all clients are eligible this goes round in order of id and goes on where
/// the last invitation ended: of one that passed the highest id, those before it have one start less.
[[nodiscard]] Method<Selection> round_robin_selection();

}  // namespace edgefuse::server
