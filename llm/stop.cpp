#include "llm/stop.hpp"

#include <fmt/format.h>

#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

std::string number_text(double value) {
  return std::isnan(value) ? "not a number" : fmt::format("{:.6g}", value);
}

}  // namespace

Stop stop_of(std::span<const double> losses, std::span<const double> grad_norms) {
  EDGEFUSE_EXPECTS(!losses.empty() && losses.size() == grad_norms.size(), "a step has a loss and a gradient");
  return {.step = losses.size() - 1, .loss = losses.back(), .gradient = grad_norms.back()};
}

std::string to_text(const Stop& stop) {
  if (stop.measured()) return fmt::format("step {}: it would have led to factors that are not finite", stop.step);
  return fmt::format("step {}: the loss is {} and its gradient {}", stop.step, number_text(stop.loss),
                     number_text(stop.gradient));
}

}  // namespace edgefuse::llm
