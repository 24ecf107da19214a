#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>

namespace edgefuse::llm {

/// Where a training stopped: at a step whose loss, gradient or outcome was not finite.
struct Stop {
  std::size_t step = 0;
  double loss = 0;
  double gradient = 0;

  /// Whether the step could have been taken, and its outcome alone was not finite.
  [[nodiscard]] bool measured() const { return std::isfinite(loss) && std::isfinite(gradient); }
  /// Whether what the training began with was at fault: no step had changed it.
  [[nodiscard]] bool at_once() const { return step == 0 && !measured(); }
};

/// Of a training that stopped at the last of its steps, as TrainedAdapter has them. Neither list is empty.
[[nodiscard]] Stop stop_of(std::span<const double> losses, std::span<const double> grad_norms);

/// "step 3: the loss is inf and its gradient not a number", or that it would have led to factors that are not finite.
[[nodiscard]] std::string to_text(const Stop& stop);

}  // namespace edgefuse::llm
