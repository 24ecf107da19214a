#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "app/run/training_record.hpp"

namespace edgefuse::app {

/// What somebody who watches a run should know of a round's training: whose updates are not fused and why, a line for
/// each reason however many clients it is.
[[nodiscard]] std::vector<std::string> notices_of(std::int64_t round, std::span<const TrainingRecord> records);

}  // namespace edgefuse::app
