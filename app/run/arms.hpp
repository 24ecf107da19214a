#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "llm/delta.hpp"
#include "scenarios/scenario.hpp"
#include "server/conflict/conflict_resolver.hpp"
#include "server/fusion/contribution.hpp"
#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::app {

/// One way to make a fused model of a round's updates: a conflict resolver, then a fusion rule.
struct Arm {
  std::string name;
  std::unique_ptr<server::ConflictResolver> resolver;
  std::unique_ptr<server::FusionRule> rule;
  bool resolves = false;  // whether its resolver is one that does anything

  [[nodiscard]] llm::ModelDelta fuse(std::span<const server::Contribution> contributions,
                                     const server::FusionSeed& seed, const server::PublicLoss& public_loss) const;
};

/// The scenario's arms. Throws InputError with every unknown method and parameter of all of them.
[[nodiscard]] std::vector<Arm> make_arms(const scenarios::Scenario& scenario);

/// What any arm's rule must know of clients' data, each kind once.
[[nodiscard]] std::vector<server::Reveals> reveals_of(const std::vector<Arm>& arms);

}  // namespace edgefuse::app
