#include "llm/why_stopped.hpp"

#include <cmath>

#include <fmt/format.h>

#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

std::string number_text(double value) {
  return std::isnan(value) ? "not a number" : fmt::format("{:.6g}", value);
}

}  // namespace

std::string why_stopped(std::span<const double> losses, std::span<const double> grad_norms) {
  EDGEFUSE_EXPECTS(!losses.empty() && losses.size() == grad_norms.size(), "a step has a loss and a gradient");
  const double loss = losses.back();
  const double gradient = grad_norms.back();
  const bool measured = std::isfinite(loss) && std::isfinite(gradient);
  return fmt::format("step {}: {}", losses.size() - 1,
                     measured
                         ? "it would have led to factors that are not finite"
                         : fmt::format("the loss is {} and its gradient {}", number_text(loss), number_text(gradient)));
}

}  // namespace edgefuse::llm
