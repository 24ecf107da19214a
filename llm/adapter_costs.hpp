#pragma once

#include <cstdint>

#include "llm/adapter.hpp"
#include "llm/config.hpp"
#include "llm/cost_options.hpp"
#include "llm/variant.hpp"
#include "sim/units.hpp"

namespace edgefuse::llm {

// What an adapter on a variant has of numbers, and what of them travels (docs/models/costs.md).

/// Σ r·(in + out) over the adapted projections of one layer, U_l.
[[nodiscard]] double adapter_numbers(const ModelConfig& config, const LayerShape& layer, const LoraSpec& spec);
/// Numbers in an adapter on the variant: Σ_l U_l.
[[nodiscard]] std::int64_t adapter_parameters(const ModelConfig& config, const VariantShape& shape,
                                              const LoraSpec& spec);
/// Of them, those that travel as `which` says.
[[nodiscard]] double factor_numbers(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                                    Sent which);
/// Numbers of SCAFFOLD's control variates, as many as an update has; 0 without them.
[[nodiscard]] double variate_numbers(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                                     const CostOptions& options);

/// Numbers that an optimiser moves, and those of an adapter that it leaves as they are.
struct TrainedNumbers {
  double trained = 0;
  double frozen = 0;
};
[[nodiscard]] TrainedNumbers trained_numbers(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                                             const CostOptions& options);

/// The factors that are sent in the variant's shapes, rounded up, and as much again in float32 of a control variate:
/// pruned rows and columns are never sent.
[[nodiscard]] Bytes upload_bytes(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                                 const CostOptions& options = {});
/// The factors that come along on the way down, likewise.
[[nodiscard]] Bytes carried_bytes(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                                  const CostOptions& options);

}  // namespace edgefuse::llm
