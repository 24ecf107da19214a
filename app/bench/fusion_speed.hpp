#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "llm/variant.hpp"

namespace edgefuse::app {

/// What is fused: so many random adapters of one module.
struct FusionLoad {
  llm::MatrixShape shape;
  std::int64_t adapters = 10;
  std::int64_t rank = 16;
};

/// One rule on one module, alone on one core.
struct RuleSpeed {
  std::string rule;
  double seconds = 0;           // best of the repeats
  std::int64_t peak_bytes = 0;  // that the process grew by beyond its adapters
  std::string refused{};        // why the rule cannot fuse these, if it cannot
};

/// Every rule in `rules` with its default parameters; flexlora cuts to the adapters' rank.
[[nodiscard]] std::vector<RuleSpeed> measure_rules(const FusionLoad& load, const std::vector<std::string>& rules,
                                                   std::int64_t repeats);

/// What others do for flexlora and PEFT's svd: the dense sum, decomposed whole, against the factors' way.
struct DenseSpeed {
  double dense_seconds = 0;
  double factors_seconds = 0;
  std::int64_t dense_peak_bytes = 0;
  double difference = 0;  // largest |factors' - dense's| over the entries of the two results / largest |dense's|
};
/// In float32, as others do it; in float64, twice as slow, its own rounding is out of the difference.
[[nodiscard]] DenseSpeed measure_dense_svd(const FusionLoad& load, bool in_float64);

}  // namespace edgefuse::app
