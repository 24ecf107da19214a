#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "results/result_file.hpp"

namespace edgefuse::results {

/// What the clients of one device class gave and got.
struct ClassShare {
  std::string device;
  std::int64_t clients = 0;
  std::int64_t started = 0;  // their participations
  std::int64_t fused = 0;    // of them, whose update was
  /// Mean over its clients of a model's latest accuracy on the domain of their data. Only clients of a single domain
  /// that was evaluated count; a model that was not has no entry.
  std::map<std::string, double> accuracy;
};

/// How evenly a run used its clients.
struct Fairness {
  std::int64_t never_fused = 0;  // clients
  /// Jain, Chiu and Hawe (DEC TR-301, 1984): (Σ x)² / (n Σ x²) over all n clients with x the number of their updates
  /// that were fused; 1 when all are equal, 1/n when one gave them all.
  double jain = 0;
  std::vector<ClassShare> classes;  // by name
};

/// Nothing when the result does not tell: clients or plans were not recorded, or nothing was fused.
[[nodiscard]] std::optional<Fairness> fairness(const ResultFile& result);

}  // namespace edgefuse::results
