#pragma once

#include "server/selection/selection.hpp"

namespace edgefuse::server {

/// "oort": clients with the most useful data that are fast enough, and a share of unknown ones (Lai, Zhu, Madhyastha
/// and Chowdhury, OSDI 2021, 2010.06081). docs/models/selection.md has the formulas and what differs.
[[nodiscard]] Method<Selection> oort_selection();

}  // namespace edgefuse::server
