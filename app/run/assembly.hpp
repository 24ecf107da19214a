#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "app/run/arms.hpp"
#include "app/run/learning_task.hpp"
#include "clients/fleet.hpp"
#include "clients/plan.hpp"
#include "clients/policy/ratio_policy.hpp"
#include "llm/config.hpp"
#include "llm/tokenizer.hpp"
#include "scenarios/scenario.hpp"
#include "server/protocol/protocol.hpp"
#include "server/selection/selection.hpp"

namespace edgefuse::app {

/// Everything a run is put together from, checked and without a tensor: what `check` looks at, what the timing
/// fidelity runs on, and what the learning fidelity adds weights to.
struct Assembly {
  scenarios::Scenario scenario;
  std::filesystem::path model_folder;
  llm::ModelConfig config;
  std::unique_ptr<llm::Tokenizer> tokenizer;  // null under source "none"
  LearningTask task;
  clients::Fleet fleet;
  std::unique_ptr<clients::RatioPolicy> policy;
  clients::Planner planner;
  std::unique_ptr<server::Selection> selection;
  std::unique_ptr<server::Protocol> protocol;
  std::vector<Arm> arms;
  std::size_t primary_arm = 0;

  /// The client's plan; nothing when no variant fits it.
  [[nodiscard]] std::optional<llm::Plan> plan(std::uint32_t client) const;
  [[nodiscard]] sim::Link link(std::uint32_t client) const;
};

/// Where the embedded base lies: EDGEFUSE_DATA, else the folder the program was built from.
[[nodiscard]] std::filesystem::path embedded_base();

/// Puts a scenario together. Throws InputError with what is wrong in the scenario, its model or its data, and when no
/// variant fits any client of the fleet.
[[nodiscard]] Assembly assemble(scenarios::Scenario scenario, const std::filesystem::path& assets);

}  // namespace edgefuse::app
