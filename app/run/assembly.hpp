#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/run/base_model.hpp"
#include "app/run/evaluator.hpp"
#include "app/run/learning_task.hpp"
#include "app/run/methods.hpp"
#include "app/run/prepared_base.hpp"
#include "clients/conditions.hpp"
#include "clients/fleet.hpp"
#include "clients/plan.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// Everything a run is put together from, checked and, unless plans depend on them, without a weight: what the timing
/// fidelity runs on, and what the learning fidelity adds weights to.
struct Assembly {
  scenarios::Scenario scenario;
  BaseModel base;
  Methods methods;
  clients::Fleet fleet;
  LearningTask task;
  std::optional<Evaluator> evaluator;  // none under source "none"
  clients::Planner planner;
  clients::Conditions conditions;
  std::vector<std::string> notes;        // what was left out of the data, in sentences for the user
  std::optional<PreparedBase> prepared;  // where plans depend on weights

  /// The client's plan, were it invited alone; nothing when no variant fits it.
  [[nodiscard]] std::optional<llm::Plan> plan(std::uint32_t client) const;
  /// The plans of those invited together, by client id.
  [[nodiscard]] std::vector<std::optional<llm::Plan>> plans(std::span<const std::uint32_t> clients) const;
  /// Its whole way to the server on the average, as it plans with it, and as it is at some time.
  [[nodiscard]] sim::Link link(std::uint32_t client) const;
  [[nodiscard]] clients::PathSpan path(std::uint32_t client, SimTime at) const;
  /// What each variant and rank would cost it, and what its policy says to that.
  [[nodiscard]] std::vector<clients::Prospect> prospects(std::uint32_t client) const;
  [[nodiscard]] clients::Choice choice(std::uint32_t client) const;
};

/// Puts a scenario together. Throws InputError with all that is wrong in the scenario, its model and its data, whatever
/// the fidelity; then, where those are right, with what only their tokens can tell: texts without anything to predict,
/// prompts too long for the model, and a fleet none of whose clients any variant fits.
[[nodiscard]] Assembly assemble(scenarios::Scenario scenario, const std::filesystem::path& assets);

}  // namespace edgefuse::app
