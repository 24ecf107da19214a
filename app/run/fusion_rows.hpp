#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "results/records.hpp"
#include "server/conflict/diagnostics.hpp"
#include "server/fusion/aggregation_error.hpp"
#include "server/fusion/contribution.hpp"

namespace edgefuse::app {

[[nodiscard]] std::vector<results::FusionRow> fusion_rows(std::int64_t round, const std::string& arm,
                                                          const server::AggregationError& error);

struct ConflictRows {
  std::vector<results::ConflictRow> modules;
  std::vector<results::ConflictPairRow> pairs;
};
/// How the updates of a round are in each other's way, by module and by pair. `clients` are theirs by index.
[[nodiscard]] ConflictRows conflict_rows(std::int64_t round, std::span<const std::int64_t> clients,
                                         std::span<const server::ModuleDiagnostics> modules);
/// And drawn (server/conflict/heat_map.hpp).
[[nodiscard]] std::string conflict_picture(std::int64_t round, std::span<const std::int64_t> clients,
                                           std::span<const server::ModuleDiagnostics> modules);
/// Client ids by the index that contributions have in fusion.
[[nodiscard]] std::vector<std::int64_t> clients_of(std::span<const server::Contribution> contributions);

}  // namespace edgefuse::app
