#pragma once

#include "server/selection/selection.hpp"

namespace edgefuse::server {

/// "deadline-aware": uniformly among the clients asked that by their own plan would be done within `deadline`; fewer
/// than wanted where there are not as many (after FedCS: Nishio and Yonetani 2019, 1804.08333).
[[nodiscard]] Method<Selection> deadline_aware_selection();

}  // namespace edgefuse::server
