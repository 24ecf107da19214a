#pragma once

#include "server/selection/selection.hpp"

namespace edgefuse::server {

/// "power-of-choice": `factor` times as many as wanted are drawn uniformly among the eligible; of them, those with the
/// highest last known loss. Those without one come first; the equal are told apart at random (Cho, Wang and Joshi 2020,
/// 2010.01243, the variant rpow-d).
[[nodiscard]] Method<Selection> power_of_choice_selection();

}  // namespace edgefuse::server
