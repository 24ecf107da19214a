#include "app/run/factor_checks.hpp"

#include <cstddef>
#include <string>

#include <fmt/format.h>

namespace edgefuse::app {

void check_control_variates(const scenarios::Scenario& scenario, const Methods& methods, Mistakes& mistakes) {
  const auto& training = scenario.training;
  if (!training.control_variates) return;
  const auto refuse = [&](const std::string& problem, const std::string& remedy) {
    mistakes.add(scenario.source.mistake("training.control_variates", problem, remedy));
  };
  if (training.optimiser != scenarios::Optimiser::sgd)
    refuse("are means of plain gradient steps, and AdamW makes others", "use training.optimiser = \"sgd\"");
  else if (training.momentum > 0)
    refuse("are means of plain gradient steps, and momentum makes others", "leave training.momentum out");
  if (scenario.recovery.between_rounds != scenarios::BetweenRounds::carry)
    refuse("are of factors that go on from round to round", "use recovery.between_rounds = \"carry\"");
  if (scenario.adapter.start == scenarios::AdapterStart::own)
    refuse("are compared among clients, whose factors A differ in the first round", "use adapter.start = \"shared\"");
  if (scenario.compression.method != "none" || scenario.compression.down.method != "none")
    refuse("travel whole, and updates or factors are compressed",
           "use compression.method = \"none\" and compression.down.method = \"none\"");
  if (scenario.adapter.shares == scenarios::SharedFactors::a)
    refuse("are compared among clients, and each keeps its own B", "use adapter.shares = \"both\"");
  if (scenario.recovery.retraining.steps > 0)
    refuse("are of factors that are carried as they are, and re-training changes their basis",
           "leave recovery.retraining out");
  if (scenario.adapter.ranks && scenario.adapter.ranks->back() > scenario.adapter.rank)
    refuse("are of factors that are carried whole, and ranks above adapter.rank are cut by their singular values",
           "set adapter.rank to the largest of adapter.ranks");
  if (scenario.protocol.kind == "hierarchical")
    refuse("go to the server one by one, and aggregators pass on sums of changes", "use another protocol.kind");
  const auto& arm = methods.arms[methods.primary_arm];
  const auto& written = scenario.fusion.arms[methods.primary_arm];
  if (!arm.rule->keeps_factors() || arm.resolves)
    refuse(
        fmt::format("are of factors that are averaged, and the primary arm makes others (rule \"{}\", conflict \"{}\")",
                    written.rule, written.conflict),
        "use rule = \"fedit\", \"hetlora\" or \"lora-fair\", and conflict = \"none\"");
}

void check_self_pruning(const scenarios::Scenario& scenario, const Methods& methods, Mistakes& mistakes) {
  const auto& [decay, penalty] = scenario.adapter.self_pruning;
  const auto refuse = [&](const std::string& key, const std::string& problem, const std::string& remedy) {
    mistakes.add(scenario.source.mistake(key, problem, remedy));
  };
  if (decay == 1) {
    if (penalty > 0)
      refuse("adapter.self_pruning.penalty", "is on ranks that may go, and with decay = 1 none may",
             "lower adapter.self_pruning.decay, or leave both out");
    return;
  }
  const std::string key = "adapter.self_pruning.decay";
  if (scenario.fidelity == scenarios::Fidelity::timing)
    refuse(key, "goes by what training makes of the factors, and fidelity \"timing\" does not train",
           "write fidelity = \"learning\", or decay = 1");
  if (scenario.recovery.between_rounds == scenarios::BetweenRounds::merge)
    refuse(key, "compares ranks with those a round began with, and after a merge each begins at B = 0",
           "use recovery.between_rounds = \"carry\"");
  if (scenario.adapter.shares == scenarios::SharedFactors::a)
    refuse(key, "makes ranks unlike, and A alone is averaged at one rank", "use adapter.shares = \"both\"");
  if (scenario.fusion.optimiser.method != "none")
    refuse(key, "makes ranks unlike, and a server optimiser steps from factors of one",
           "use fusion.optimiser.method = \"none\"");
  for (std::size_t i = 0; i < methods.arms.size(); ++i)
    if (methods.arms[i].rule->needs_one_rank())
      refuse(
          fmt::format("fusion.arm[{}].rule", i),
          fmt::format("\"{}\" needs one rank, and clients that prune theirs have others", scenario.fusion.arms[i].rule),
          "use a rule that mixes ranks, \"hetlora\" or \"weighted-mean\", or adapter.self_pruning.decay = 1");
}

}  // namespace edgefuse::app
