#include "app/run/methods.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "data/partitioners/registry.hpp"
#include "sim/expects.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {
namespace {

Parameters protocol_parameters(const scenarios::Protocol& protocol) {
  auto parameters = protocol.settings;
  parameters.insert_or_assign("rounds", static_cast<double>(protocol.rounds));
  parameters.insert_or_assign("clients_per_round", static_cast<double>(protocol.clients_per_round));
  return parameters;
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
  methods.pruner =
      make(llm::pruners(), scenario.pruning.method, scenario.pruning.settings, "pruning.method", "pruning.settings");
  methods.policy = make(clients::ratio_policies(), scenario.pruning.policy, scenario.pruning.policy_settings,
                        "pruning.policy", "pruning.policy_settings");
  methods.protocol = make(server::protocols(), scenario.protocol.kind, protocol_parameters(scenario.protocol),
                          "protocol.kind", "protocol.settings");
  methods.selection = make(server::selections(), scenario.selection.method, scenario.selection.settings,
                           "selection.method", "selection.settings");
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
  }
  mistakes.finish();
  return methods;
}

}  // namespace edgefuse::app
