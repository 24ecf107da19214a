#include "app/run/experiment.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "app/run/fusion_rows.hpp"
#include "app/run/network_setup.hpp"
#include "app/run/notices.hpp"
#include "app/run/progress_text.hpp"
#include "app/run/rows.hpp"
#include "llm/delta.hpp"
#include "llm/variant.hpp"
#include "server/fuse.hpp"
#include "sim/energy.hpp"

namespace edgefuse::app {
namespace {

/// A domain's clients fused without any conflict resolution: what "adapter:<domain>" is.
llm::ModelDelta plain_mean(std::span<const server::Contribution> contributions) {
  const auto rule = server::fusion_rules().make("weighted-mean");
  const auto resolver = server::conflict_resolvers().make("none");
  return server::fuse(contributions, *resolver, *rule);
}

}  // namespace

Experiment::Experiment(Assembly assembly, results::Recorder& recorder, ExperimentOptions options)
    : assembly_{std::move(assembly)}, recorder_{recorder}, options_{std::move(options)} {
  if (assembly_.scenario.fidelity == scenarios::Fidelity::learning) prepare_learning();
  if (assembly_.scenario.output.clients) record_clients();
}

/// A part of the fleet at a time: as rows it takes ten times the memory that it takes as a fleet.
void Experiment::record_clients() {
  constexpr std::uint32_t part = 1 << 16;
  const auto clients = assembly_.fleet.size();
  for (std::uint32_t first = 0; first < clients; first += std::min(part, clients - first))
    recorder_.add(client_rows(assembly_, first, std::min(part, clients - first)));
}

void Experiment::prepare_learning() {
  const auto& scenario = assembly_.scenario;
  say("loading and pruning the base");
  const auto& methods = assembly_.methods;
  auto prepared = assembly_.prepared ? std::move(*std::exchange(assembly_.prepared, std::nullopt))
                                     : rank_base(scenario, methods, assembly_.base);
  // A policy that goes by quality had them cut, to be measured, before there were plans.
  if (!methods.policy->needs_quality()) cut_variants(prepared, scenario, methods, assembly_.base);
  const auto& protocol = *assembly_.methods.protocol;
  Aggregation aggregation{.discount = [&protocol](std::int64_t staleness) { return protocol.discount(staleness); },
                          .mixing = protocol.mixing(),
                          .recovery = *assembly_.methods.recovery,
                          .optimiser = assembly_.methods.optimiser.get(),
                          .compressor = assembly_.methods.compressor.get(),
                          .down_compressor = assembly_.methods.down_compressor.get(),
                          .public_texts = assembly_.base.calibration,
                          .reveals = reveals_of(methods.arms)};
  if (protocol.through_aggregators())
    aggregation.group = [this](std::uint32_t client) { return assembly_.fleet.row(client).cell; };
  learner_.emplace(scenario, assembly_.task, std::move(aggregation), std::move(prepared), options_.crew);
}

void Experiment::run() {
  for (const auto& note : assembly_.notes)
    notify(note);
  if (learner_ && judges(scenarios::EvaluatedModel::base)) {
    say("evaluating the base");
    evaluate(0, {{"base", [this] { return learner_->base(); }}});
  }
  auto& protocol = *assembly_.methods.protocol;
  RoundHooks with = hooks();
  std::optional<RoundSimulation> simulation;
  with.observed = [&](const sim::Event& event) {
    if (assembly_.scenario.output.events) events_.push_back(event_row(event, simulation->recorded_actor(event.actor)));
  };
  simulation.emplace(assembly_.fleet.size(),
                     make_network(assembly_.scenario, assembly_.base, protocol.through_aggregators()), protocol,
                     std::move(with));
  simulation->run();
  recorder_.add(std::exchange(events_, {}));
}

RoundHooks Experiment::hooks() {
  auto& a = assembly_;
  return {
      .select = [this](std::int64_t invitation, std::int64_t count, const Eligible& eligible,
                       const Among& among) { return select(invitation, count, eligible, among); },
      .plans = [&a](std::span<const std::uint32_t> clients) { return a.plans(clients); },
      .presence = [&a](std::uint32_t client, SimTime at) { return a.conditions.presence(a.fleet, client, at); },
      .path = [&a](std::uint32_t client, SimTime at) { return a.path(client, at); },
      .cell = [&a](std::uint32_t client) { return std::uint32_t{a.fleet.row(client).cell}; },
      .course = [&a](const Participation& p,
                     SimTime at) { return a.conditions.course(a.fleet, p.plan.client, p.invitation, p.plan.work, at); },
      .computed = [&a](std::uint32_t client, Seconds elapsed,
                       SimTime now) { a.conditions.computed(a.fleet, client, elapsed, now); },
      .started = [this](const Participation& participation) { start(participation); },
      .ended = [this](const Participation& participation) { end(participation); },
      .fused = [this](const RoundTimeline& round) { return finish_round(round); },
      .observed = {},
  };
}

std::vector<std::uint32_t> Experiment::select(std::int64_t invitation, std::int64_t count, const Eligible& eligible,
                                              const Among& among) const {
  const auto predicted = [this](std::uint32_t client) {
    const auto plan = assembly_.plan(client);
    return plan ? plan->predicted : Seconds{std::numeric_limits<double>::infinity()};
  };
  return assembly_.methods.selection->select(
      {.seed = assembly_.scenario.seed,
       .invitation = static_cast<std::uint32_t>(invitation),
       .population = assembly_.fleet.size(),
       .count = static_cast<std::uint32_t>(count),
       .among = among,
       .eligible = eligible,
       .predicted = predicted,
       .device_class = [this](std::uint32_t client) { return std::uint32_t{assembly_.fleet.row(client).group}; },
       .history = &history_});
}

void Experiment::start(const Participation& participation) {
  if (learner_) learner_->keep();
  if (assembly_.methods.selection->looks_back()) history_.started(participation.plan.client, participation.invitation);
}

void Experiment::end(const Participation& participation) {
  const auto client = participation.plan.client;
  auto transfers = participation.did;
  transfers.compute = {};
  assembly_.conditions.transferred(assembly_.fleet, client,
                                   sim::participation_energy(assembly_.fleet.device(client), transfers),
                                   participation.ended);
}

std::int64_t Experiment::finish_round(const RoundTimeline& round) {
  std::vector<TrainingRecord> records;
  if (learner_) records = train(round);
  const auto plans = plan_rows(assembly_, round, records);
  if (assembly_.scenario.output.plans) recorder_.add(plans);
  const auto row = round_row(assembly_, round, plans);
  recorder_.add(row);
  recorder_.add(std::exchange(events_, {}));
  recorder_.commit();
  if (row.version == round.version)
    notify(fmt::format("round {} brought nothing to fuse: the base stays at version {}", round.round, row.version));
  if (assembly_.methods.selection->looks_back()) remember(plans, records);
  if (assembly_.methods.policy->needs_losses()) teach_policy(plans);
  for (const auto& record : records)
    if (record.pruned_to) assembly_.planner.limit_rank(record.client, *record.pruned_to);
  if (learner_) learn(round);
  return row.version;
}

void Experiment::remember(const std::vector<results::PlanRow>& plans, const std::vector<TrainingRecord>& records) {
  for (const auto& plan : plans) {
    if (plan.outcome != results::Outcome::returned) continue;
    const auto record = std::ranges::find_if(
        records, [&](const TrainingRecord& r) { return r.client == plan.client && r.invitation == plan.invitation; });
    history_.returned(static_cast<std::uint32_t>(plan.client), plan.simulated, plan.examples,
                      record == records.end() ? std::nullopt : std::optional{record->mean_loss});
  }
}

void Experiment::teach_policy(const std::vector<results::PlanRow>& plans) {
  for (const auto& plan : plans) {
    if (plan.outcome == results::Outcome::sat_out) continue;
    const bool fused = plan.outcome == results::Outcome::returned;
    assembly_.methods.policy->observe(
        {.device_class = assembly_.fleet.row(static_cast<std::uint32_t>(plan.client)).group,
         .ratio = plan.ratio,
         .rank = plan.rank,
         .took = plan.simulated,
         .gain = fused ? plan.first_loss - plan.last_loss : 0});
  }
}

std::vector<TrainingRecord> Experiment::train(const RoundTimeline& round) {
  const auto& protocol = assembly_.scenario.protocol;
  std::size_t noted = 0;
  for (const auto& participation : round.participations) {
    if (participation.fate != Fate::returned) continue;
    learner_->note(participation.plan, participation.invitation, participation.version);
    ++noted;
  }
  const auto started = std::chrono::steady_clock::now();
  say(fmt::format("round {}: training {} adapters", round.round, noted));
  auto records = learner_->collect([&](const clients::TrainingProgress& progress) {
    const Seconds elapsed{std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count()};
    say(progress_text({.round = round.round,
                       .rounds = protocol.rounds,
                       .elapsed = elapsed,
                       .later = (protocol.rounds - round.round) * protocol.clients_per_round / options_.crew.size},
                      progress));
  });
  for (const auto& notice : notices_of(round.round, records))
    notify(notice);
  return records;
}

/// When nothing came back, every arm's model is the base as it is: what all earlier rounds made of it.
void Experiment::learn(const RoundTimeline& round) {
  const auto& methods = assembly_.methods;
  ArmErrors errors(methods.arms.size());
  auto primary = learner_->fuse(methods.arms[methods.primary_arm]);
  errors[methods.primary_arm] = primary.error;
  if (evaluates(round.round)) {
    say(fmt::format("round {}: evaluating", round.round));
    evaluate(round.round, subjects(primary, errors));
  }
  if (!learner_->contributions().empty()) {
    record_fusion(round.round, errors);
    if (round.round < assembly_.scenario.protocol.rounds) learner_->advance(std::move(primary));
  }
  recorder_.commit();
  for (const auto& participation : round.participations)
    learner_->release(participation.version);
}

/// An arm that nobody judged here, since no fused model is or another process did, is fused for its error.
void Experiment::record_fusion(std::int64_t round, const ArmErrors& errors) {
  const auto& methods = assembly_.methods;
  for (std::size_t i = 0; i < methods.arms.size(); ++i)
    if (i == methods.primary_arm || evaluates(round))
      recorder_.add(
          fusion_rows(round, methods.arms[i].name, errors[i] ? *errors[i] : learner_->fuse(methods.arms[i]).error));
  if (!assembly_.scenario.output.conflict || !evaluates(round)) return;
  const auto clients = clients_of(learner_->contributions());
  const auto diagnostics = server::diagnose(server::source_of(learner_->contributions()));
  const auto [modules, pairs] = conflict_rows(round, clients, diagnostics);
  recorder_.add(modules);
  recorder_.add(pairs);
  if (options_.picture) options_.picture(conflict_picture(round, clients, diagnostics));
}

bool Experiment::evaluates(std::int64_t round) const {
  const auto every = assembly_.scenario.evaluation.every;
  return round == assembly_.scenario.protocol.rounds || (every > 0 && round % every == 0);
}

bool Experiment::judges(scenarios::EvaluatedModel model) const {
  const auto& models = assembly_.scenario.evaluation.models;
  return std::ranges::find(models, model) != models.end();
}

std::vector<Subject> Experiment::subjects(const Fused& primary, ArmErrors& errors) const {
  std::vector<Subject> subjects;
  if (judges(scenarios::EvaluatedModel::adapters)) {
    std::set<std::string> domains;
    for (const auto& contribution : learner_->contributions())
      domains.insert(assembly_.task.shard(contribution.client).domain);
    for (const auto& domain : domains)
      subjects.push_back({"adapter:" + domain, [this, domain] {
                            return llm::apply(learner_->base(), plain_mean(learner_->contributions_of(domain)));
                          }});
  }
  if (judges(scenarios::EvaluatedModel::fused)) {
    const auto& methods = assembly_.methods;
    for (std::size_t i = 0; i < methods.arms.size(); ++i)
      subjects.push_back({methods.arms[i].name, [this, &primary, &errors, i] {
                            if (i == assembly_.methods.primary_arm) return llm::apply(learner_->base(), primary.change);
                            const auto fused = learner_->fuse(assembly_.methods.arms[i]);
                            errors[i] = fused.error;
                            return llm::apply(learner_->base(), fused.change);
                          }});
  }
  return subjects;
}

void Experiment::evaluate(std::int64_t round, const std::vector<Subject>& subjects) {
  const auto judgement = assembly_.evaluator->evaluate(round, subjects, options_.crew);
  recorder_.add(judgement.rows);
  for (const auto& failure : judgement.failures)
    notify(fmt::format("round {}: {}", round, failure));
}

void Experiment::say(const std::string& what) const {
  if (options_.progress) options_.progress(what);
}

void Experiment::notify(const std::string& what) const {
  if (options_.notice) options_.notice(what);
}

}  // namespace edgefuse::app
