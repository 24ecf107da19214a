#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "server/conflict/diagnostics.hpp"

namespace edgefuse::server {

/// The diagnostics of all modules in one: means in which each module weighs as much as it has entries, out·in; what is
/// a share of shared or contested entries weighs as many of these, and so is the share over all modules. Pairs count
/// the modules that both change; a pair without one is not there.
struct ConflictSummary {
  std::size_t contributions = 0;
  std::int64_t entries = 0;
  std::int64_t contested = 0;
  std::vector<PairDiagnostics> pairs;  // by (first, second); entries and shared are sums
  double mean_cosine = 0;              // of the modules with a pair
  double disagreement = 0;
  double excess = 0;
  double cancelled_mass = 0;
};

/// `contributions`: how many there were, those without any module too.
[[nodiscard]] ConflictSummary summarise(std::span<const ModuleDiagnostics> modules, std::size_t contributions);

}  // namespace edgefuse::server
