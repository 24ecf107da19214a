#include "llm/pruning/prune.hpp"

#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {

Budget budget_of(const Pruner& pruner, const PruningOptions& options) {
  const auto budget = options.budget.value_or(pruner.own_budget());
  if (budget == Budget::global && !pruner.structured())
    throw InputError{Mistake{.key = "budget",
                             .problem = "a pruner of single weights compares them within a matrix, not across layers",
                             .remedy = "use the budget per-layer"}};
  return budget;
}

std::vector<VariantShape> variant_shapes(const Pruner& pruner, const ModelConfig& config, const Importance& importance,
                                         std::span<const double> ratios, const PruningOptions& options) {
  const bool global = budget_of(pruner, options) == Budget::global;
  std::vector<VariantShape> shapes;
  for (const double ratio : ratios)
    shapes.push_back(global ? global_shape(config, importance, ratio, options.protection)
                            : pruner.shape(config, ratio, options.protection));
  return shapes;
}

PrunedBase ranked(const Model& base, const Pruner& pruner, std::span<const double> ratios,
                  const PruningOptions& options, const Calibration& calibration) {
  EDGEFUSE_EXPECTS(!calibration.empty() || !pruner.needs_calibration(), "a calibrated pruner sees text");
  const auto importance = pruner.rank(base, calibration);
  PrunedBase pruned{.order = order_of(importance), .sorted = {}, .shapes = {}, .variants = {}};
  pruned.sorted = sort_by_importance(base, pruned.order);
  pruned.shapes = variant_shapes(pruner, base.config, importance, ratios, options);
  return pruned;
}

PrunedBase prune(const Model& base, const Pruner& pruner, std::span<const double> ratios, const PruningOptions& options,
                 const Calibration& calibration) {
  auto pruned = ranked(base, pruner, ratios, options, calibration);
  pruned.variants = pruner.cut(pruned.sorted, pruned.shapes, calibration);
  return pruned;
}

}  // namespace edgefuse::llm
