#include "app/run/prepared_base.hpp"

#include <utility>

#include "app/public_text.hpp"
#include "app/run/alignment.hpp"
#include "llm/pruning/prune.hpp"

namespace edgefuse::app {

bool plans_need_weights(const scenarios::Scenario& scenario, const Methods& methods) {
  return methods.policy->needs_quality() ||
         llm::shapes_depend_on_weights(llm::budget_of(*methods.pruners.front(), pruning_options(scenario.pruning)));
}

PreparedBase rank_base(const scenarios::Scenario& scenario, const Methods& methods, const BaseModel& opened) {
  auto base = llm::load_model(opened.folder);
  PreparedBase prepared;
  auto first = llm::ranked(base, *methods.pruners.front(), scenario.pruning.ratios, pruning_options(scenario.pruning),
                           opened.calibration);
  prepared.orders.push_back(std::move(first.order));
  prepared.sorted.push_back(std::move(first.sorted));
  prepared.shapes = std::move(first.shapes);
  for (std::size_t mask = 1; mask < methods.pruners.size(); ++mask) {
    prepared.orders.push_back(llm::order_of(methods.pruners[mask]->rank(base, opened.calibration)));
    prepared.sorted.push_back(llm::sort_by_importance(base, prepared.orders.back()));
  }
  if (prepared.orders.size() > 1) prepared.base = std::move(base);
  return prepared;
}

void cut_variants(PreparedBase& ranked, const scenarios::Scenario& scenario, const Methods& methods,
                  const BaseModel& opened) {
  const auto& pruner = *methods.pruners.front();
  const bool aligned = scenario.pruning.alignment.steps > 0;
  auto variants = pruner.cut(ranked.sorted.front(), ranked.shapes, opened.calibration);
  if (aligned) align(variants, ranked.shapes, scenario, opened.calibration);
  if (methods.policy->needs_quality())
    for (const auto& variant : variants)
      ranked.perplexities.push_back(perplexity(variant, opened.held_out));
  if (aligned || !pruner.slices()) ranked.variants = std::move(variants);
}

PreparedBase prepare_base(const scenarios::Scenario& scenario, const Methods& methods, const BaseModel& opened) {
  auto prepared = rank_base(scenario, methods, opened);
  cut_variants(prepared, scenario, methods, opened);
  return prepared;
}

}  // namespace edgefuse::app
