#include "app/run/scaffold.hpp"

#include <optional>
#include <utility>
#include <variant>

#include <ATen/ATen.h>

#include "llm/delta.hpp"
#include "server/recovery/placement.hpp"

namespace edgefuse::app {
namespace {

double weight_of(const scenarios::Scenario& scenario, const LearningTask& task, std::uint32_t client) {
  if (scenario.fusion.weights == scenarios::Weights::equal) return 1;
  return static_cast<double>(task.shard(client).workload.examples);
}

double fleet_weight(const scenarios::Scenario& scenario, const LearningTask& task) {
  double sum = 0;
  for (std::uint32_t client = 0; client < scenario.fleet.clients; ++client)
    sum += weight_of(scenario, task, client);
  return sum;
}

llm::FactorGradient ones_like(const llm::FactorGradient& gradient) {
  llm::FactorGradient ones;
  for (const auto& [id, factors] : gradient)
    ones[id] = {.a = at::ones_like(factors.a), .b = at::ones_like(factors.b)};
  return ones;
}

/// Zeros for the ranks it lacks.
llm::FactorGradient of_rank(std::int64_t rank, llm::FactorGradient gradient) {
  for (auto& [id, factors] : gradient)
    factors = {.a = server::padded(factors.a, 0, rank), .b = server::padded(factors.b, 1, rank)};
  return gradient;
}

/// The first ranks.
llm::FactorGradient first_ranks(std::int64_t rank, const llm::FactorGradient& gradient) {
  llm::FactorGradient first;
  for (const auto& [id, factors] : gradient)
    first[id] = {.a = factors.a.narrow(0, 0, rank), .b = factors.b.narrow(1, 0, rank)};
  return first;
}

}  // namespace

Scaffold::Scaffold(const scenarios::Scenario& scenario, const LearningTask& task)
    : scenario_{scenario}, task_{task}, server_{fleet_weight(scenario, task)} {}

llm::FactorGradient Scaffold::correction(std::uint32_t client, const clients::FactorsHeld& factors,
                                         const llm::FactorGradient& c, const BaseVersion& model,
                                         const llm::Adapter& initial) const {
  const auto seen = model.seen(first_ranks(factors.rank, c), factors.variant);
  auto correction = clients_.correction(client, factors, seen);
  if (correction.empty()) return correction;
  for (const auto& [id, own] : initial.modules)  // of a layer that only others dropped, c may know nothing yet
    correction.try_emplace(id, llm::LoraFactors{.a = at::zeros_like(own.a), .b = at::zeros_like(own.b)});
  return correction;
}

bool Scaffold::renew(std::uint32_t client, const clients::FactorsHeld& factors, const clients::PlainSteps& steps,
                     const BaseVersion& model) {
  const auto known = clients_.factors(client);
  std::optional<server::HeldGradient> before;
  if (known) before = held(*clients_.of(client, *known), known->variant, model);
  clients_.renew(client, factors, steps);
  const auto now = held(*clients_.of(client, factors), factors.variant, model);
  const double weight = weight_of(scenario_, task_, client);
  if (before) {
    server_.replace(weight, *before, now);
  } else {
    server_.add(weight, now);
  }
  return known && *known != factors;
}

server::HeldGradient Scaffold::held(const llm::FactorGradient& gradient, std::size_t variant,
                                    const BaseVersion& model) const {
  return {.gradient = model.placed(of_rank(scenario_.adapter.rank, gradient), variant),
          .holds = model.placed(of_rank(scenario_.adapter.rank, ones_like(gradient)), variant)};
}

llm::FactorGradient in_units_of(const llm::LoraSpec& spec, llm::FactorGradient gradient) {
  for (auto& [id, factors] : gradient)
    factors.b = factors.b * spec.scale();
  return gradient;
}

}  // namespace edgefuse::app
