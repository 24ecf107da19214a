#include "app/run/assembly.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "app/run/conditions_setup.hpp"
#include "app/run/engine_options.hpp"
#include "app/run/feasibility.hpp"
#include "app/run/fleet_setup.hpp"
#include "app/run/network_setup.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {
namespace {

/// The corpus, and who gets what of it.
struct DividedCorpus {
  Corpus corpus;
  data::Partition partition;
};

/// What can be checked before any text is turned into tokens.
struct Parts {
  Methods methods;
  clients::Fleet fleet;
  clients::ConditionsSpec conditions;
  BaseModel base;
  DividedCorpus data;  // empty under source "none"
};

Parts make_parts(const scenarios::Scenario& scenario, const std::filesystem::path& assets) {
  Mistakes mistakes;
  auto methods = mistakes.attempt([&] { return make_methods(scenario); });
  auto fleet = mistakes.attempt([&] { return make_fleet(scenario); });
  auto conditions = mistakes.attempt([&] { return conditions_spec(scenario, assets); });
  auto base = mistakes.attempt([&] { return open_base(scenario, methods ? &*methods : nullptr, assets); });
  DividedCorpus data;
  if (scenario.data.source != "none")
    mistakes.attempt([&] {
      data.corpus = load_corpus(scenario, assets);
      if (methods) data.partition = divide(scenario, data.corpus, *methods->partitioner);
    });
  if (mistakes.any()) throw InputError{scenario.source.in_order(mistakes.take())};
  return {std::move(*methods), std::move(*fleet), std::move(*conditions), std::move(*base), std::move(data)};
}

/// What needs tokens.
struct Tokens {
  LearningTask task;
  std::optional<Evaluator> evaluator;
};

Tokens make_tokens(const scenarios::Scenario& scenario, const Parts& parts) {
  if (scenario.data.source == "none") return {make_sizes_only_task(scenario), std::nullopt};
  const auto& [corpus, partition] = parts.data;
  const auto& tokenizer = *parts.base.tokenizer;
  Mistakes mistakes;
  auto task = mistakes.attempt([&] { return make_learning_task(scenario, corpus, partition, tokenizer); });
  auto evaluator = mistakes.attempt([&] { return Evaluator{scenario, corpus, tokenizer, parts.base.config}; });
  if (mistakes.any()) throw InputError{scenario.source.in_order(mistakes.take())};
  return {std::move(*task), std::move(evaluator)};
}

std::vector<std::string> notes_on(const Tokens& tokens) {
  std::vector<std::string> notes;
  const auto note = [&](std::int64_t count, std::string_view kind) {
    if (count > 0)
      notes.push_back(fmt::format("{} {} example{} left out: nothing in {} can be predicted", count, kind,
                                  count == 1 ? " is" : "s are", count == 1 ? "it" : "them"));
  };
  note(tokens.task.dropped, "training");
  if (tokens.evaluator) note(tokens.evaluator->dropped(), "held-out");
  return notes;
}

}  // namespace

std::optional<llm::Plan> Assembly::plan(std::uint32_t client) const {
  return planner.plan(fleet, client, link(client), task.shard(client).workload);
}

std::vector<std::optional<llm::Plan>> Assembly::plans(std::span<const std::uint32_t> clients) const {
  std::vector<clients::Invitee> invitees;
  for (const auto client : clients)
    invitees.push_back({client, link(client), task.shard(client).workload});
  return planner.plans(fleet, invitees);
}

sim::Link Assembly::link(std::uint32_t client) const {
  return path_to_server(conditions.expected_link(fleet, client), scenario.network, fleet.row(client).cell);
}

clients::PathSpan Assembly::path(std::uint32_t client, SimTime at) const {
  auto span = conditions.path(fleet, client, at);
  span.link = methods.protocol->through_aggregators()
                  ? path_to_aggregator(span.link, scenario.network, fleet.row(client).cell)
                  : path_to_server(span.link, scenario.network, fleet.row(client).cell);
  return span;
}

std::vector<clients::Prospect> Assembly::prospects(std::uint32_t client) const {
  return planner.prospects(fleet, client, link(client), task.shard(client).workload);
}

clients::Choice Assembly::choice(std::uint32_t client) const {
  return planner.choice(fleet, client, link(client), task.shard(client).workload);
}

Assembly assemble(scenarios::Scenario scenario, const std::filesystem::path& assets) {
  auto parts = make_parts(scenario, assets);
  auto tokens = make_tokens(scenario, parts);
  std::optional<PreparedBase> prepared;
  if (plans_need_weights(scenario, parts.methods)) {
    prepared = rank_base(scenario, parts.methods, parts.base);
    if (parts.methods.policy->needs_quality()) cut_variants(*prepared, scenario, parts.methods, parts.base);
    parts.base.variants = prepared->shapes;
  }
  auto notes = notes_on(tokens);
  clients::Offer offer{.config = parts.base.config,
                       .variants = parts.base.variants,
                       .adapter = lora_spec(scenario.adapter),
                       .ranks = scenario.adapter.ranks.value_or(std::vector{scenario.adapter.rank}),
                       .storage = cost_options(scenario, {.update = parts.methods.compressor->bits_each(),
                                                          .carried = parts.methods.down_compressor->bits_each()})};
  if (prepared && !prepared->perplexities.empty()) offer.perplexities = prepared->perplexities;
  const auto& network = scenario.network;
  clients::Expectations expectations{.background_load = scenario.fleet.background_load,
                                     .message_overhead = network.message_overhead};
  if (!parts.methods.protocol->through_aggregators()) expectations.server = {network.uplink, network.downlink};
  clients::Planner planner{std::move(offer), *parts.methods.policy, expectations};
  clients::Conditions conditions{parts.fleet, std::move(parts.conditions)};
  Assembly assembly{.scenario = std::move(scenario),
                    .base = std::move(parts.base),
                    .methods = std::move(parts.methods),
                    .fleet = std::move(parts.fleet),
                    .task = std::move(tokens.task),
                    .evaluator = std::move(tokens.evaluator),
                    .planner = std::move(planner),
                    .conditions = std::move(conditions),
                    .notes = std::move(notes),
                    .prepared = std::move(prepared)};
  require_feasible(assembly);
  return assembly;
}

}  // namespace edgefuse::app
