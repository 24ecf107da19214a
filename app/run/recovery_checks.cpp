#include "app/run/recovery_checks.hpp"

#include <fmt/format.h>

namespace edgefuse::app {

/// A variant takes the fused change in as it is, so one that differs from the base in what it keeps differs by as much
/// after every round, and the difference would be taken off once a round.
void check_recovery(const scenarios::Scenario& scenario, const Methods& methods, Mistakes& mistakes) {
  if (!methods.recovery->corrects() || scenario.protocol.rounds == 1 || scenario.pruning.ratios.back() == 0) return;
  const bool aligned = scenario.pruning.alignment.steps > 0;
  if (methods.pruners.front()->structured() && !aligned) return;
  mistakes.add(scenario.source.mistake(
      "recovery.method",
      fmt::format("\"{}\" takes off what {} variants lack, and would again in each of {} rounds",
                  scenario.recovery.method, aligned ? "aligned" : "masked", scenario.protocol.rounds),
      fmt::format("use protocol.rounds = 1, recovery.method = \"zero-fill\", or {}",
                  aligned ? "no alignment" : "a pruner of whole heads and neurons")));
}

}  // namespace edgefuse::app
