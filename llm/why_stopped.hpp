#pragma once

#include <span>
#include <string>

namespace edgefuse::llm {

/// Of a training that stopped at its last step, as TrainedAdapter has it: "step 3: the loss is inf and its gradient not
/// a number", or that the step would have led to factors that are not finite. Neither list is empty.
[[nodiscard]] std::string why_stopped(std::span<const double> losses, std::span<const double> grad_norms);

}  // namespace edgefuse::llm
