#include "app/run/fusion_rows.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "server/conflict/diagnostics_summary.hpp"
#include "server/conflict/heat_map.hpp"

namespace edgefuse::app {
namespace {

double mean_cosine(const std::optional<server::PrincipalCosines>& cosines) {
  return cosines ? cosines->mean : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::vector<results::FusionRow> fusion_rows(std::int64_t round, const std::string& arm,
                                            const server::AggregationError& error) {
  return {
      {.round = round, .arm = arm, .norm = error.of_fused(), .mean_norm = error.of_mean(), .error = error.relative()}};
}

std::vector<std::int64_t> clients_of(std::span<const server::Contribution> contributions) {
  std::vector<std::int64_t> clients;
  for (const auto& contribution : contributions)
    clients.push_back(contribution.client);
  std::ranges::sort(clients);
  return clients;
}

ConflictRows conflict_rows(std::int64_t round, std::span<const std::int64_t> clients,
                           std::span<const server::ModuleDiagnostics> modules) {
  ConflictRows rows;
  for (const auto& module : modules) {
    const auto name = module.module.name();
    const auto* worst = server::worst_pair(module.pairs);
    rows.modules.push_back({.round = round,
                            .module = name,
                            .clients = static_cast<std::int64_t>(module.changes),
                            .cosine = module.mean_cosine,
                            .lowest = worst == nullptr ? 0 : worst->cosine,
                            .disagreement = module.disagreement,
                            .excess = module.excess,
                            .cancelled = module.cancelled_mass});
    for (const auto& pair : module.pairs)
      rows.pairs.push_back({.round = round,
                            .module = name,
                            .first = clients[pair.first],
                            .second = clients[pair.second],
                            .cosine = pair.cosine,
                            .disagreement = pair.sign_disagreement,
                            .excess = pair.excess,
                            .overlap = pair.overlap,
                            .top_overlap = pair.top_overlap,
                            .norm_ratio = pair.norm_ratio,
                            .rows = mean_cosine(pair.rows),
                            .columns = mean_cosine(pair.columns)});
  }
  return rows;
}

std::string conflict_picture(std::int64_t round, std::span<const std::int64_t> clients,
                             std::span<const server::ModuleDiagnostics> modules) {
  std::vector<std::string> names;
  for (const auto client : clients)
    names.push_back(fmt::format("client {}", client));
  return server::heat_map(server::summarise(modules, clients.size()), modules, names,
                          fmt::format("Conflict between the updates of round {}", round));
}

}  // namespace edgefuse::app
