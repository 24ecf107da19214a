#include "server/recovery/refusal.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace edgefuse::server {
namespace {

/// Largest magnitude, NaN if there is one.
double largest(const at::Tensor& numbers) {
  return numbers.numel() == 0 ? 0 : numbers.abs().max().item<double>();
}

/// Of scale·B·A: refused when the bound of its entries leaves float32, or is not a number.
std::optional<Refusal> refusal(llm::ModuleId id, const at::Tensor& a, const at::Tensor& b, double scale) {
  const double largest_a = largest(a);
  const double largest_b = largest(b);
  if (!std::isfinite(largest_a) || !std::isfinite(largest_b))
    return Refusal{.reason = Refusal::Reason::not_finite, .module = id};
  const double scaled_b = std::abs(scale) * largest_b;
  const double bound = static_cast<double>(a.size(0)) * largest_a * scaled_b;
  if (!(std::max(bound, scaled_b) < std::numeric_limits<float>::max()))
    return Refusal{.reason = Refusal::Reason::overflow, .module = id};
  return std::nullopt;
}

std::optional<Refusal> refusal(llm::ModuleId id, const llm::ModuleDelta& delta) {
  if (const auto* low = std::get_if<llm::LowRank>(&delta)) return refusal(id, low->a, low->b, 1);
  if (std::isfinite(largest(std::get<llm::Dense>(delta).matrix))) return std::nullopt;
  return Refusal{.reason = Refusal::Reason::not_finite, .module = id};
}

}  // namespace

std::string Refusal::text() const {
  return module.name() + (reason == Reason::not_finite ? " holds NaN or Inf" : " overflows float32");
}

std::optional<Refusal> refusal(const llm::Update& update) {
  for (const auto& [id, factors] : update.adapter.modules)
    if (auto refused = refusal(id, factors.a, factors.b, update.adapter.spec.scale())) return refused;
  return std::nullopt;
}

Recovered unless_refused(llm::ModelDelta delta) {
  for (const auto& [id, change] : delta)
    if (const auto refused = refusal(id, change)) return *refused;
  return delta;
}

}  // namespace edgefuse::server
