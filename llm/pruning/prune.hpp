#pragma once

#include <optional>
#include <span>
#include <vector>

#include "llm/model.hpp"
#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

/// How ratios become shapes.
struct PruningOptions {
  std::optional<Budget> budget{};  // the pruner's own when not given
  Protection protection{};
};

/// What is asked for, or the pruner's own. Throws InputError when the pruner has no scores for it: of single weights
/// across layers, of whole layers, of their parts.
[[nodiscard]] Budget budget_of(const Pruner& pruner, const PruningOptions& options);

/// Whether what a variant keeps is known only when the base's weights are ranked.
[[nodiscard]] bool shapes_depend_on_weights(Budget budget);

/// What the variants keep, one for each ratio. Under a per-layer budget `importance` is not looked at, and may be
/// empty: sizes are known before any weight is. Throws InputError as variant_shape() does.
[[nodiscard]] std::vector<VariantShape> variant_shapes(const Pruner& pruner, const ModelConfig& config,
                                                       const Importance& importance, std::span<const double> ratios,
                                                       const PruningOptions& options);

/// A base and its variants.
struct PrunedBase {
  ImportanceOrder order;
  Model sorted;  // the base in that order
  std::vector<VariantShape> shapes;
  std::vector<Model> variants;  // of `sorted`, one for each shape
};

/// Ranks, sorts and says what each variant keeps; the variants themselves are not cut.
[[nodiscard]] PrunedBase ranked(const Model& base, const Pruner& pruner, std::span<const double> ratios,
                                const PruningOptions& options, const Calibration& calibration);

/// The same, and cuts. `ratios` rise; `calibration` is empty only where the pruner needs none.
[[nodiscard]] PrunedBase prune(const Model& base, const Pruner& pruner, std::span<const double> ratios,
                               const PruningOptions& options, const Calibration& calibration);

}  // namespace edgefuse::llm
