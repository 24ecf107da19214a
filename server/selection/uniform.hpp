#pragma once

#include "server/selection/selection.hpp"

namespace edgefuse::server {

/// "uniform": every subset of the eligible clients of the wanted size is equally likely.
[[nodiscard]] Method<Selection> uniform_selection();

}  // namespace edgefuse::server
