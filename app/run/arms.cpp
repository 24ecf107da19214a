#include "app/run/arms.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "app/run/at_key.hpp"
#include "server/fuse.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {
namespace {

Arm make_arm(const scenarios::Scenario& scenario, std::size_t index, Mistakes& mistakes) {
  const auto& wanted = scenario.fusion.arms[index];
  const auto key = fmt::format("fusion.arm[{}]", index);
  Arm arm{.name = wanted.name, .resolver = nullptr, .rule = nullptr, .resolves = wanted.conflict != "none"};
  mistakes.attempt([&] {
    arm.rule = at_key(scenario, key + ".settings", [&] {
      return server::fusion_rules().make(wanted.rule, wanted.settings, scenario.source.origin(key + ".rule"),
                                         scenario.source.origin(key + ".settings"));
    });
  });
  mistakes.attempt([&] {
    arm.resolver = server::conflict_resolvers().make(wanted.conflict, wanted.conflict_settings,
                                                     scenario.source.origin(key + ".conflict"),
                                                     scenario.source.origin(key + ".conflict_settings"));
  });
  if (arm.rule && arm.resolver)
    mistakes.attempt(
        [&] { server::check_compatible(*arm.resolver, *arm.rule, scenario.source.origin(key + ".rule")); });
  return arm;
}

}  // namespace

llm::ModelDelta Arm::fuse(std::span<const server::Contribution> contributions, const server::FusionSeed& seed,
                          const server::PublicLoss& public_loss) const {
  return server::fuse(contributions, *resolver, *rule, seed, public_loss);
}

std::vector<Arm> make_arms(const scenarios::Scenario& scenario) {
  std::vector<Arm> arms;
  Mistakes mistakes;
  for (std::size_t i = 0; i < scenario.fusion.arms.size(); ++i)
    arms.push_back(make_arm(scenario, i, mistakes));
  mistakes.finish();
  return arms;
}

std::vector<server::Reveals> reveals_of(const std::vector<Arm>& arms) {
  std::vector<server::Reveals> needed;
  for (const auto what : server::all_reveals)
    if (std::ranges::any_of(arms, [&](const Arm& arm) { return arm.rule->needs() == what; })) needed.push_back(what);
  return needed;
}

}  // namespace edgefuse::app
