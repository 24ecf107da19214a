#pragma once

#include <cstdint>
#include <vector>

#include "app/run/base_model.hpp"
#include "app/run/methods.hpp"
#include "llm/model.hpp"
#include "llm/variant.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// What the server makes of the base before anybody is invited.
struct PreparedBase {
  llm::Model base;                           // in its own order; nothing where there is one mask
  std::vector<llm::ImportanceOrder> orders;  // one for each of `pruning.masks`
  std::vector<llm::Model> sorted;            // the base in each of these orders
  std::vector<llm::VariantShape> shapes;     // one for each of `pruning.ratios`
  /// One for each shape, of the base sorted in the one order there is then. Empty where they are nothing but slices.
  std::vector<llm::Model> variants;
  /// Of each variant, on the public text kept aside; empty unless the policy asks for it.
  std::vector<double> perplexities;
};

/// Whether plans depend on weights, so that they are looked at under every fidelity: sizes under the budgets global and
/// layers, a policy's perplexities.
[[nodiscard]] bool plans_need_weights(const scenarios::Scenario& scenario, const Methods& methods);

/// Loads and ranks: sizes are known then. Neither this nor what follows depends on the number of threads.
[[nodiscard]] PreparedBase rank_base(const scenarios::Scenario& scenario, const Methods& methods,
                                     const BaseModel& opened);
/// Cuts and aligns the variants of a base that was ranked, and measures them where the policy asks for it.
void cut_variants(PreparedBase& ranked, const scenarios::Scenario& scenario, const Methods& methods,
                  const BaseModel& opened);
/// Both.
[[nodiscard]] PreparedBase prepare_base(const scenarios::Scenario& scenario, const Methods& methods,
                                        const BaseModel& opened);

}  // namespace edgefuse::app
