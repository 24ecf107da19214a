#include "results/fairness.hpp"

#include <utility>

#include "results/metrics.hpp"

namespace edgefuse::results {
namespace {

constexpr std::string_view adapter_prefix = "adapter:";

/// Latest accuracy of each model of the whole, by model and domain.
std::map<std::string, std::map<std::string, double>> accuracies(const std::vector<EvaluationRow>& rows) {
  std::map<std::string, std::map<std::string, double>> latest;
  for (const auto& row : rows)
    if (row.metric == metric::accuracy && !row.model.starts_with(adapter_prefix))
      latest[row.model][row.domain] = row.value;
  return latest;
}

/// A model's mean over those clients of a class whose domain it was asked about.
std::optional<double> mean_over_clients(const std::vector<ClientRow>& clients, const std::string& device,
                                        const std::map<std::string, double>& by_domain) {
  double sum = 0;
  std::int64_t asked = 0;
  for (const auto& client : clients) {
    const auto found = by_domain.find(client.domain);
    if (client.device != device || found == by_domain.end()) continue;
    sum += found->second;
    ++asked;
  }
  if (asked == 0) return std::nullopt;
  return sum / static_cast<double>(asked);
}

}  // namespace

std::optional<Fairness> fairness(const ResultFile& result) {
  if (result.clients.empty() || result.plans.empty()) return std::nullopt;
  std::map<std::string, ClassShare> classes;
  for (const auto& client : result.clients)
    ++classes[client.device].clients;
  std::vector<double> fused(result.clients.size());
  for (const auto& plan : result.plans) {
    if (plan.outcome == Outcome::sat_out) continue;
    const auto client = static_cast<std::size_t>(plan.client);
    auto& own = classes[result.clients[client].device];
    ++own.started;
    if (plan.outcome != Outcome::returned) continue;
    ++own.fused;
    ++fused[client];
  }
  Fairness found;
  double sum = 0;
  double squares = 0;
  for (const double updates : fused) {
    found.never_fused += updates == 0;
    sum += updates;
    squares += updates * updates;
  }
  if (sum == 0) return std::nullopt;
  found.jain = sum * sum / (static_cast<double>(fused.size()) * squares);
  const auto models = accuracies(result.evaluation);
  for (auto& [device, share] : classes) {
    share.device = device;
    for (const auto& [model, by_domain] : models)
      if (const auto mean = mean_over_clients(result.clients, device, by_domain)) share.accuracy[model] = *mean;
    found.classes.push_back(std::move(share));
  }
  return found;
}

}  // namespace edgefuse::results
