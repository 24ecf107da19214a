#include "app/run/prepared_base.hpp"

#include <utility>

#include "app/public_text.hpp"
#include "app/run/alignment.hpp"
#include "llm/pruning/prune.hpp"

namespace edgefuse::app {

llm::PruningOptions pruning_options(const scenarios::Scenario& scenario) {
  const auto& pruning = scenario.pruning;
  llm::PruningOptions options{.budget = {},
                              .protection = {.first = pruning.protect_first, .last = pruning.protect_last}};
  if (pruning.budget)
    options.budget =
        *pruning.budget == scenarios::Budget::global ? llm::Budget::global : llm::Budget::per_layer;
  return options;
}

bool plans_need_weights(const scenarios::Scenario& scenario, const Methods& methods) {
  return llm::budget_of(*methods.pruners.front(), pruning_options(scenario)) == llm::Budget::global;
}

PreparedBase prepare_base(const scenarios::Scenario& scenario, const Methods& methods, const BaseModel& opened) {
  const auto& pruner = *methods.pruners.front();
  PreparedBase prepared;
  prepared.base = llm::load_model(opened.folder);
  auto pruned =
      llm::prune(prepared.base, pruner, scenario.pruning.ratios, pruning_options(scenario), opened.calibration);
  prepared.orders.push_back(std::move(pruned.order));
  for (std::size_t mask = 1; mask < methods.pruners.size(); ++mask)
    prepared.orders.push_back(llm::order_of(methods.pruners[mask]->rank(prepared.base, opened.calibration)));
  prepared.shapes = std::move(pruned.shapes);
  const bool aligned = scenario.pruning.alignment.steps > 0;
  if (aligned) align(pruned.variants, prepared.shapes, scenario, opened.calibration);
  if (aligned || !pruner.slices()) prepared.variants = std::move(pruned.variants);
  return prepared;
}

}  // namespace edgefuse::app
