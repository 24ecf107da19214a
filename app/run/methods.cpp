#include "app/run/methods.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "app/run/arm_checks.hpp"
#include "app/run/at_key.hpp"
#include "app/run/between_rounds.hpp"
#include "app/run/factor_checks.hpp"
#include "app/run/recovery_checks.hpp"
#include "data/partitioners/registry.hpp"
#include "sim/expects.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {

namespace {

llm::Budget budget(scenarios::Budget named) {
  switch (named) {
    case scenarios::Budget::global:
      return llm::Budget::global;
    case scenarios::Budget::layers:
      return llm::Budget::layers;
    case scenarios::Budget::per_layer:
      break;
  }
  return llm::Budget::per_layer;
}

}  // namespace

llm::PruningOptions pruning_options(const scenarios::Pruning& pruning) {
  llm::PruningOptions options{.budget = {},
                              .protection = {.first = pruning.protect_first, .last = pruning.protect_last}};
  if (pruning.budget) options.budget = budget(*pruning.budget);
  return options;
}

namespace {

/// They are keys of their own: among the settings they would be taken for something they are not.
void check_protocol_settings(const scenarios::Scenario& scenario, Mistakes& mistakes) {
  for (const char* name : {"rounds", "clients_per_round"})
    if (scenario.protocol.settings.contains(name))
      mistakes.add(scenario.source.mistake("protocol.settings", fmt::format("{} is no setting", name),
                                           fmt::format("write it as protocol.{}", name)));
}

Parameters protocol_parameters(const scenarios::Protocol& protocol) {
  auto parameters = protocol.settings;
  parameters.insert_or_assign("rounds", static_cast<double>(protocol.rounds));
  parameters.insert_or_assign("clients_per_round", static_cast<double>(protocol.clients_per_round));
  return parameters;
}

/// Masks that are drawn by lot differ by their seed.
Parameters pruner_parameters(const scenarios::Pruning& pruning, std::int64_t mask) {
  auto parameters = pruning.settings;
  if (mask == 0) return parameters;
  const auto seed = parameters.find("seed");
  const auto* first = seed == parameters.end() ? nullptr : std::get_if<double>(&seed->second);
  parameters.insert_or_assign("seed", (first == nullptr ? 1.0 : *first) + static_cast<double>(mask));
  return parameters;
}

void check_pruning(const scenarios::Scenario& scenario, const llm::Pruner& pruner, Mistakes& mistakes) {
  const auto budget = mistakes.attempt([&] {
    return at_key(scenario, "pruning.budget",
                  [&] { return llm::budget_of(pruner, pruning_options(scenario.pruning)); });
  });
  if (scenario.pruning.masks == 1) return;
  const auto refuse = [&](std::string problem, std::string remedy) {
    mistakes.add(scenario.source.mistake("pruning.masks", std::move(problem), std::move(remedy)));
  };
  if (scenario.pruning.method != "random")
    refuse(fmt::format("are {}, and method \"{}\" finds one only", scenario.pruning.masks, scenario.pruning.method),
           "use method \"random\", or one mask");
  else if (budget && llm::shapes_depend_on_weights(*budget))
    refuse("are to be of one size", "use budget \"per-layer\", or one mask");
  if (scenario.pruning.alignment.steps > 0) refuse("cannot be aligned", "use one mask, or no alignment");
}

std::size_t primary_arm(const std::vector<Arm>& arms, const std::string& name) {
  const auto found = std::ranges::find(arms, name, &Arm::name);
  EDGEFUSE_EXPECTS(found != arms.end(), "a scenario that was read names one of its arms");
  return static_cast<std::size_t>(found - arms.begin());
}

}  // namespace

Methods make_methods(const scenarios::Scenario& scenario) {
  Mistakes mistakes;
  const auto make = [&](const auto& registry, const std::string& name, const Parameters& settings,
                        const std::string& name_key, const std::string& settings_key) {
    return mistakes
        .attempt([&] {
          return registry.make(name, settings, scenario.source.origin(name_key), scenario.source.origin(settings_key));
        })
        .value_or(nullptr);
  };
  Methods methods;
  methods.partitioner = make(data::partitioners(), scenario.data.partitioner, scenario.data.partitioner_settings,
                             "data.partitioner", "data.partitioner_settings");
  for (std::int64_t mask = 0; mask < (scenario.pruning.method == "random" ? scenario.pruning.masks : 1); ++mask)
    methods.pruners.push_back(make(llm::pruners(), scenario.pruning.method, pruner_parameters(scenario.pruning, mask),
                                   "pruning.method", "pruning.settings"));
  if (methods.pruners.front()) check_pruning(scenario, *methods.pruners.front(), mistakes);
  methods.recovery = make(server::recoveries(), scenario.recovery.method, scenario.recovery.settings, "recovery.method",
                          "recovery.settings");
  methods.policy = make(clients::ratio_policies(), scenario.pruning.policy, scenario.pruning.policy_settings,
                        "pruning.policy", "pruning.policy_settings");
  methods.protocol = make(server::protocols(), scenario.protocol.kind, protocol_parameters(scenario.protocol),
                          "protocol.kind", "protocol.settings");
  methods.selection = make(server::selections(), scenario.selection.method, scenario.selection.settings,
                           "selection.method", "selection.settings");
  methods.optimiser = make(server::server_optimisers(), scenario.fusion.optimiser.method,
                           scenario.fusion.optimiser.settings, "fusion.optimiser.method", "fusion.optimiser.settings");
  methods.compressor = make(clients::compressors(), scenario.compression.method, scenario.compression.settings,
                            "compression.method", "compression.settings");
  methods.down_compressor =
      make(clients::compressors(), scenario.compression.down.method, scenario.compression.down.settings,
           "compression.down.method", "compression.down.settings");
  check_protocol_settings(scenario, mistakes);
  const auto require_losses = [&](bool needed, const std::string& key, const std::string& name, const char* what) {
    if (!needed || scenario.fidelity != scenarios::Fidelity::timing) return;
    mistakes.add(scenario.source.mistake(key,
                                         fmt::format("\"{}\" goes by losses, and fidelity \"timing\" has none", name),
                                         fmt::format("write fidelity = \"learning\", or choose another {}", what)));
  };
  require_losses(methods.selection && methods.selection->needs_losses(), "selection.method", scenario.selection.method,
                 "method");
  require_losses(methods.policy && methods.policy->needs_losses(), "pruning.policy", scenario.pruning.policy, "policy");
  if (auto arms = mistakes.attempt([&] { return make_arms(scenario); })) {
    methods.arms = std::move(*arms);
    methods.primary_arm = primary_arm(methods.arms, scenario.fusion.primary);
    if (methods.recovery) check_arms(scenario, methods, mistakes);
    if (methods.recovery && methods.pruners.front()) check_recovery(scenario, methods, mistakes);
    check_control_variates(scenario, methods, mistakes);
    check_self_pruning(scenario, methods, mistakes);
  }
  check_between_rounds(scenario, methods.arms, mistakes);
  mistakes.finish();
  return methods;
}

}  // namespace edgefuse::app
