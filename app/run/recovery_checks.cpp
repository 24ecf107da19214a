#include "app/run/recovery_checks.hpp"

#include <string>

#include <fmt/format.h>

namespace edgefuse::app {

/// What is taken off has to be cut away again on the way down to whom it was taken off for, or every round takes more
/// off: the fused change that is carried to a slice is, and one that is merged into the base is not.
void check_recovery(const scenarios::Scenario& scenario, const Methods& methods, Mistakes& mistakes) {
  if (!methods.recovery->corrects() || scenario.protocol.rounds == 1 || scenario.pruning.ratios.back() == 0) return;
  const auto refuse = [&](const std::string& why, const std::string& remedy) {
    mistakes.add(scenario.source.mistake(
        "recovery.method",
        fmt::format("\"{}\" takes off what variants lack, and would again in each of {} rounds: {}",
                    scenario.recovery.method, scenario.protocol.rounds, why),
        fmt::format("use {}, protocol.rounds = 1, or recovery.method = \"zero-fill\"", remedy)));
  };
  if (!methods.pruners.front()->structured()) refuse("they are masked", "a pruner of whole heads and neurons");
  if (scenario.pruning.alignment.steps > 0) refuse("they are aligned", "no alignment");
  if (scenario.recovery.between_rounds == scenarios::BetweenRounds::merge)
    refuse("the base takes it in", "recovery.between_rounds = \"carry\"");
}

}  // namespace edgefuse::app
