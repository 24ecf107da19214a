#include "llm/pruning/prune.hpp"

#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {

Budget budget_of(const Pruner& pruner, const PruningOptions& options) {
  const auto budget = options.budget.value_or(pruner.own_budget());
  const auto refuse = [](const char* problem, const char* remedy) {
    throw InputError{Mistake{.key = "budget", .problem = problem, .remedy = remedy}};
  };
  if (budget != Budget::per_layer && !pruner.structured())
    refuse("a pruner of single weights compares them within a matrix, not across layers", "use the budget per-layer");
  if (budget == Budget::layers && !pruner.ranks_layers())
    refuse("this pruner has no scores of whole layers", "use block-influence, taylor, magnitude or random for them");
  if (budget != Budget::layers && pruner.own_budget() == Budget::layers)
    refuse("this pruner has scores of whole layers only", "use the budget layers");
  return budget;
}

bool shapes_depend_on_weights(Budget budget) {
  return budget != Budget::per_layer;
}

std::vector<VariantShape> variant_shapes(const Pruner& pruner, const ModelConfig& config, const Importance& importance,
                                         std::span<const double> ratios, const PruningOptions& options) {
  const auto shape = [&, budget = budget_of(pruner, options)](double ratio) {
    switch (budget) {
      case Budget::global:
        return pruner.completed(global_shape(config, importance, ratio, options.protection), config);
      case Budget::layers:
        return depth_shape(config, importance, ratio, options.protection);
      case Budget::per_layer:
        break;
    }
    return pruner.shape(config, ratio, options.protection);
  };
  std::vector<VariantShape> shapes;
  for (const double ratio : ratios)
    shapes.push_back(shape(ratio));
  return shapes;
}

namespace {

/// Before anything is ranked: nobody should wait for a mistake to be found.
void refuse_impossible(const Pruner& pruner, const ModelConfig& config, std::span<const double> ratios,
                       const PruningOptions& options) {
  const bool later = shapes_depend_on_weights(budget_of(pruner, options));
  const auto [first, last] = options.protection;
  for (const double ratio : ratios)
    (void)(later ? variant_shape(config, ratio, first, last) : pruner.shape(config, ratio, options.protection));
}

}  // namespace

PrunedBase ranked(const Model& base, const Pruner& pruner, std::span<const double> ratios,
                  const PruningOptions& options, const Calibration& calibration) {
  EDGEFUSE_EXPECTS(!calibration.empty() || !pruner.needs_calibration(), "a calibrated pruner sees text");
  refuse_impossible(pruner, base.config, ratios, options);
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
