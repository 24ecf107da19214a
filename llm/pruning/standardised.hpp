#pragma once

#include <vector>

namespace edgefuse::llm {

/// What a sum of squared distances from the mean is divided by: n, or n - 1 as torch.std does.
enum class Deviation : bool { population, sample };

/// (x - mean) / deviation of each score; all 0 where nothing differs.
[[nodiscard]] std::vector<double> standardised(std::vector<double> scores, Deviation deviation);

}  // namespace edgefuse::llm
