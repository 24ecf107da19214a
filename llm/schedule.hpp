#pragma once

#include <cstdint>

#include "llm/training.hpp"

namespace edgefuse::llm {

/// The learning rate of step 0, 1, ... of `steps`: constant, or falling as half a cosine from `rate` at step 0 towards
/// 0 at `steps` (Loshchilov and Hutter, 1608.03983, without restarts).
[[nodiscard]] double rate_at(Schedule schedule, double rate, std::int64_t step, std::int64_t steps);

}  // namespace edgefuse::llm
