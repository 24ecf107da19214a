#include "llm/schedule.hpp"

#include <cmath>
#include <numbers>

#include "sim/expects.hpp"

namespace edgefuse::llm {

double rate_at(Schedule schedule, double rate, std::int64_t step, std::int64_t steps) {
  EDGEFUSE_EXPECTS(step >= 0 && step < steps, "a step of the schedule");
  if (schedule == Schedule::constant) return rate;
  return rate * (1 + std::cos(std::numbers::pi * static_cast<double>(step) / static_cast<double>(steps))) / 2;
}

}  // namespace edgefuse::llm
