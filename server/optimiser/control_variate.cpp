#include "server/optimiser/control_variate.hpp"

#include <ATen/ATen.h>

namespace edgefuse::server {
namespace {

void add_to(at::Tensor& sum, double weight, const at::Tensor& term) {
  const auto scaled = weight * term.to(at::kDouble);
  sum = sum.defined() ? sum + scaled : scaled;
}

void add_to(llm::FactorGradient& sum, double weight, const llm::FactorGradient& term) {
  for (const auto& [id, factors] : term) {
    auto& own = sum[id];
    add_to(own.a, weight, factors.a);
    add_to(own.b, weight, factors.b);
  }
}

/// Where nobody holds anything the sum is 0, but for the rounding of what was taken back.
at::Tensor divided(const at::Tensor& sum, const at::Tensor& holders) {
  return at::where(holders.gt(0), sum / holders, at::zeros_like(sum)).to(at::kFloat);
}

}  // namespace

void ControlVariate::add(double weight, const HeldGradient& client) {
  known_ += weight;
  count(weight, client);
}

void ControlVariate::replace(double weight, const HeldGradient& before, const HeldGradient& client) {
  count(-weight, before);
  count(weight, client);
}

void ControlVariate::count(double weight, const HeldGradient& client) {
  add_to(sum_, weight, client.gradient);
  add_to(held_, weight, client.holds);
}

llm::FactorGradient ControlVariate::mean() const {
  llm::FactorGradient c;
  const double unknown = fleet_ - known_;
  for (const auto& [id, sum] : sum_) {
    const auto& held = held_.at(id);
    c[id] = {.a = divided(sum.a, held.a + unknown), .b = divided(sum.b, held.b + unknown)};
  }
  return c;
}

}  // namespace edgefuse::server
