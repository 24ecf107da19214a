#pragma once

#include "server/selection/selection.hpp"

namespace edgefuse::server {

/// "poisson": every eligible client independently with probability count / population, so how many are chosen is
/// random, and may be none. The sampling that privacy amplification by subsampling is proved for (Abadi et al. 2016,
/// 1607.00133; Mironov, Talwar and Zhang 2019, 1908.10530).
[[nodiscard]] Method<Selection> poisson_selection();

}  // namespace edgefuse::server
