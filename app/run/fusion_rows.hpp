#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "results/records.hpp"
#include "server/fusion/aggregation_error.hpp"
#include "server/fusion/contribution.hpp"

namespace edgefuse::app {

[[nodiscard]] std::vector<results::FusionRow> fusion_rows(std::int64_t round, const std::string& arm,
                                                          const server::AggregationError& error);

struct ConflictRows {
  std::vector<results::ConflictRow> modules;
  std::vector<results::ConflictPairRow> pairs;
};
/// How the updates of a round are in each other's way, by module and by pair.
[[nodiscard]] ConflictRows conflict_rows(std::int64_t round, std::span<const server::Contribution> contributions);

}  // namespace edgefuse::app
