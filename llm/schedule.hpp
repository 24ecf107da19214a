#pragma once

#include <cstdint>

#include "llm/training.hpp"

namespace edgefuse::llm {

/// The learning rate of step 0, 1, ... of `steps`. It rises by even parts over the first w = ⌈warm_up·steps⌉ steps, to
/// reach `rate` at step w - 1; then with p = (step - w) / (steps - w) it is
///   constant  rate
///   cosine    rate·(1 + cos π·p)/2 (Loshchilov and Hutter, 1608.03983, without restarts)
///   linear    rate·(1 - p)
[[nodiscard]] double rate_at(const TrainingOptions& options, std::int64_t step, std::int64_t steps);
/// Of all steps together: how far a unit gradient moves the factors.
[[nodiscard]] double summed_rates(const TrainingOptions& options, std::int64_t steps);

}  // namespace edgefuse::llm
