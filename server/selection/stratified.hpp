#pragma once

#include "server/selection/selection.hpp"

namespace edgefuse::server {

/// "stratified": every device class gets its share among the eligible clients of the places, by largest remainders
/// (equal ones: the lower class first); uniformly within a class.
[[nodiscard]] Method<Selection> stratified_selection();

}  // namespace edgefuse::server
