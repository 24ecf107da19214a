#pragma once

#include "server/selection/selection.hpp"

namespace edgefuse::server {

/// "uniform": every subset of the wanted size is equally likely, drawn in sim::Domain::selection of (seed, round).
[[nodiscard]] Method<Selection> uniform_selection();

}  // namespace edgefuse::server
