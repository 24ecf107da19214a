#include "clients/control_variates.hpp"

#include <utility>

#include <ATen/ATen.h>

#include "sim/expects.hpp"

namespace edgefuse::clients {
namespace {

/// (start - end) / rates - correction, in float64.
at::Tensor mean_gradient(const at::Tensor& start, const at::Tensor& end, double rates, const at::Tensor* correction) {
  auto mean = (start.to(at::kDouble) - end.to(at::kDouble)) / rates;
  if (correction != nullptr) mean -= *correction;
  return mean.to(at::kFloat);
}

at::Tensor kept(const at::Tensor* before, const at::Tensor& like) {
  return before == nullptr ? at::zeros(like.sizes(), at::kFloat) : *before;
}

}  // namespace

const llm::FactorGradient* ControlVariates::of(std::uint32_t client, const FactorsHeld& factors) const {
  const auto found = own_.find(client);
  return found == own_.end() || found->second.factors != factors ? nullptr : &found->second.gradient;
}

std::optional<FactorsHeld> ControlVariates::factors(std::uint32_t client) const {
  const auto found = own_.find(client);
  return found == own_.end() ? std::nullopt : std::optional{found->second.factors};
}

llm::FactorGradient ControlVariates::correction(std::uint32_t client, const FactorsHeld& factors,
                                                const llm::FactorGradient& server) const {
  const auto* own = of(client, factors);
  if (own == nullptr) return server;
  llm::FactorGradient result;
  for (const auto& [id, mine] : *own) {
    const auto found = server.find(id);
    result[id] = found == server.end() ? llm::LoraFactors{.a = -mine.a, .b = -mine.b}
                                       : llm::LoraFactors{.a = found->second.a - mine.a, .b = found->second.b - mine.b};
  }
  return result;
}

void ControlVariates::renew(std::uint32_t client, const FactorsHeld& factors, const PlainSteps& steps) {
  EDGEFUSE_EXPECTS(steps.rates > 0, "a client that trained has moved");
  const auto* own = of(client, factors);
  const double scale = steps.initial.spec.scale();
  llm::FactorGradient next;
  for (const auto& [id, start] : steps.initial.modules) {
    const auto& end = steps.trained.modules.at(id);
    const auto corrected = steps.correction.find(id);
    const bool plain = corrected == steps.correction.end();
    const auto* before = own == nullptr ? nullptr : &own->at(id);
    auto& gradient = next[id];
    gradient.a = steps.moved == llm::Factors::b
                     ? kept(before == nullptr ? nullptr : &before->a, start.a)
                     : mean_gradient(start.a, end.a, steps.rates, plain ? nullptr : &corrected->second.a);
    gradient.b = steps.moved == llm::Factors::a
                     ? kept(before == nullptr ? nullptr : &before->b, start.b)
                     : mean_gradient(start.b, end.b, scale * steps.rates, plain ? nullptr : &corrected->second.b);
  }
  own_[client] = {.factors = factors, .gradient = std::move(next)};
}

}  // namespace edgefuse::clients
