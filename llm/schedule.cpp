#include "llm/schedule.hpp"

#include <cmath>
#include <numbers>

#include "sim/expects.hpp"

namespace edgefuse::llm {

double rate_at(const TrainingOptions& options, std::int64_t step, std::int64_t steps) {
  EDGEFUSE_EXPECTS(step >= 0 && step < steps, "a step of the schedule");
  const auto rising = static_cast<std::int64_t>(std::ceil(options.warm_up * static_cast<double>(steps)));
  if (step < rising) return options.learning_rate * static_cast<double>(step + 1) / static_cast<double>(rising);
  const double done = static_cast<double>(step - rising) / static_cast<double>(steps - rising);
  switch (options.schedule) {
    case Schedule::constant:
      break;
    case Schedule::cosine:
      return options.learning_rate * (1 + std::cos(std::numbers::pi * done)) / 2;
    case Schedule::linear:
      return options.learning_rate * (1 - done);
  }
  return options.learning_rate;
}

double summed_rates(const TrainingOptions& options, std::int64_t steps) {
  double sum = 0;
  for (std::int64_t step = 0; step < steps; ++step)
    sum += rate_at(options, step, steps);
  return sum;
}

}  // namespace edgefuse::llm
