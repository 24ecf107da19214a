#include "app/run/prepared_base.hpp"

#include <utility>

#include "app/public_text.hpp"
#include "app/run/alignment.hpp"
#include "llm/pruning/prune.hpp"

namespace edgefuse::app {

bool plans_need_weights(const scenarios::Scenario& scenario, const Methods& methods) {
  return methods.policy->needs_quality() ||
         llm::budget_of(*methods.pruners.front(), pruning_options(scenario.pruning)) == llm::Budget::global;
}

PreparedBase prepare_base(const scenarios::Scenario& scenario, const Methods& methods, const BaseModel& opened) {
  const auto& pruner = *methods.pruners.front();
  PreparedBase prepared;
  prepared.base = llm::load_model(opened.folder);
  auto pruned =
      llm::prune(prepared.base, pruner, scenario.pruning.ratios, pruning_options(scenario.pruning), opened.calibration);
  prepared.orders.push_back(std::move(pruned.order));
  for (std::size_t mask = 1; mask < methods.pruners.size(); ++mask)
    prepared.orders.push_back(llm::order_of(methods.pruners[mask]->rank(prepared.base, opened.calibration)));
  prepared.shapes = std::move(pruned.shapes);
  const bool aligned = scenario.pruning.alignment.steps > 0;
  if (aligned) align(pruned.variants, prepared.shapes, scenario, opened.calibration);
  if (methods.policy->needs_quality())
    for (const auto& variant : pruned.variants)
      prepared.perplexities.push_back(perplexity(variant, opened.held_out));
  if (aligned || !pruner.slices()) prepared.variants = std::move(pruned.variants);
  return prepared;
}

}  // namespace edgefuse::app
