#include "app/run/assembly.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "app/run/fleet_setup.hpp"
#include "app/run/learner.hpp"
#include "llm/encode.hpp"
#include "llm/variant.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

std::filesystem::path model_folder(const scenarios::Scenario& scenario, const std::filesystem::path& assets) {
  const auto folder = scenario.base.model == "atlas" ? embedded_base() : scenarios::locate(scenario.base.model, assets);
  if (!std::filesystem::is_directory(folder))
    throw InputError{scenario.source.mistake("base.model", fmt::format("there is no folder {}", folder.string()),
                                             "name a Hugging Face model folder, the one that holds config.json")};
  return folder;
}

/// Gives a mistake about a value the key that holds it; one about a file names that file already.
template <class Make>
auto at_key(const scenarios::Scenario& scenario, const std::string& key, const Make& make) {
  try {
    return make();
  } catch (const InputError& error) {
    std::vector<Mistake> mistakes;
    for (const auto& m : error.mistakes())
      mistakes.push_back(m.file.empty() ? scenario.source.mistake(key, m.problem, m.remedy) : m);
    throw InputError{std::move(mistakes)};
  }
}

llm::Storage storage(scenarios::Storage chosen) {
  switch (chosen) {
    case scenarios::Storage::fp32:
      return llm::Storage::fp32;
    case scenarios::Storage::int8:
      return llm::Storage::int8;
    case scenarios::Storage::nf4:
      return llm::Storage::nf4;
    case scenarios::Storage::fp16:
      break;
  }
  return llm::Storage::fp16;
}

/// Numbers the optimiser keeps for each of the adapter's.
int moments(const scenarios::Training& training) {
  if (training.optimiser == scenarios::Optimiser::adamw) return 2;
  return training.momentum > 0 ? 1 : 0;
}

clients::Offer make_offer(const scenarios::Scenario& scenario, const llm::ModelConfig& config) {
  clients::Offer offer{.config = config,
                       .variants = {},
                       .adapter = lora_spec(scenario.adapter),
                       .storage = {.weights = storage(scenario.base.storage), .moments = moments(scenario.training)}};
  for (const double ratio : scenario.pruning.ratios)
    offer.variants.push_back(at_key(scenario, "pruning.ratios", [&] {
      return llm::variant_shape(config, ratio, scenario.pruning.protect_first, scenario.pruning.protect_last);
    }));
  return offer;
}

LearningTask make_task(const scenarios::Scenario& scenario, const llm::Tokenizer* tokenizer,
                       const std::filesystem::path& assets) {
  return tokenizer == nullptr ? make_sizes_only_task(scenario) : make_learning_task(scenario, *tokenizer, assets);
}

std::size_t primary_arm(const scenarios::Scenario& scenario, const std::vector<Arm>& arms) {
  const auto found = std::ranges::find(arms, scenario.fusion.primary, &Arm::name);
  if (found == arms.end())
    throw InputError{scenario.source.mistake("fusion.primary",
                                             fmt::format("there is no arm \"{}\"", scenario.fusion.primary),
                                             "the name of one of the [[fusion.arm]] tables")};
  return static_cast<std::size_t>(found - arms.begin());
}

Parameters protocol_parameters(const scenarios::Protocol& protocol) {
  auto parameters = protocol.settings;
  parameters.insert_or_assign("rounds", static_cast<double>(protocol.rounds));
  parameters.insert_or_assign("clients_per_round", static_cast<double>(protocol.clients_per_round));
  return parameters;
}

/// A run in which nobody can take part has no result: say so, and what the least demanding client lacks.
void require_somebody_fits(const Assembly& assembly) {
  Bytes least{}, most{};
  for (std::uint32_t client = 0; client < assembly.fleet.size(); ++client) {
    if (assembly.plan(client)) return;
    const auto needed = assembly.planner.least_memory(assembly.task.shards[client].workload);
    least = client == 0 ? needed : std::min(least, needed);
    most = std::max(most, assembly.fleet.memory(client));
  }
  throw InputError{assembly.scenario.source.mistake(
      "fleet", "no variant fits any client",
      fmt::format("the smallest needs {:.3g} MB for training and the largest budget is {:.3g} MB: offer higher "
                  "pruning.ratios, a smaller training.batch, or more memory",
                  least.value / 1e6, most.value / 1e6))};
}

}  // namespace

std::filesystem::path embedded_base() {
  const char* set = std::getenv("EDGEFUSE_DATA");
  return std::filesystem::path{set != nullptr ? set : EDGEFUSE_SOURCE_DATA} / "models" / "atlas-base";
}

std::optional<llm::Plan> Assembly::plan(std::uint32_t client) const {
  return planner.plan(fleet, client, link(client), task.shards[client].workload);
}

sim::Link Assembly::link(std::uint32_t client) const {
  return path_to_server(fleet.link(client), scenario.network);
}

Assembly assemble(scenarios::Scenario scenario, const std::filesystem::path& assets) {
  const auto folder = model_folder(scenario, assets);
  const auto config = at_key(scenario, "base.model", [&] { return llm::read_config(folder); });
  std::unique_ptr<llm::Tokenizer> tokenizer;
  if (scenario.data.source != "none") {
    tokenizer = llm::load_tokenizer(folder);
    llm::check_tokenizer_fits(*tokenizer, config, folder);
  }
  auto arms = make_arms(scenario);
  const auto primary = primary_arm(scenario, arms);
  auto fleet = make_fleet(scenario);
  auto task = make_task(scenario, tokenizer.get(), assets);
  auto policy = clients::ratio_policies().make(scenario.pruning.policy, {}, scenario.source.origin("pruning.policy"));
  auto selection = server::selections().make(scenario.selection.method, scenario.selection.settings,
                                             scenario.source.origin("selection.method"),
                                             scenario.source.origin("selection.settings"));
  auto protocol =
      server::protocols().make(scenario.protocol.kind, protocol_parameters(scenario.protocol),
                               scenario.source.origin("protocol.kind"), scenario.source.origin("protocol.settings"));
  clients::Planner planner{make_offer(scenario, config), *policy};
  Assembly assembly{.scenario = std::move(scenario),
                    .model_folder = folder,
                    .config = config,
                    .tokenizer = std::move(tokenizer),
                    .task = std::move(task),
                    .fleet = std::move(fleet),
                    .policy = std::move(policy),
                    .planner = std::move(planner),
                    .selection = std::move(selection),
                    .protocol = std::move(protocol),
                    .arms = std::move(arms),
                    .primary_arm = primary};
  require_somebody_fits(assembly);
  return assembly;
}

}  // namespace edgefuse::app
