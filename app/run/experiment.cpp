#include "app/run/experiment.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "app/run/progress_text.hpp"
#include "app/run/round_simulation.hpp"
#include "app/run/rows.hpp"
#include "llm/delta.hpp"
#include "llm/variant.hpp"
#include "server/fusion/fuse.hpp"

namespace edgefuse::app {
namespace {

/// A domain's clients fused without any conflict resolution: what "adapter:<domain>" is.
llm::ModelDelta plain_mean(std::span<const server::Contribution> contributions) {
  const auto rule = server::fusion_rules().make("mean");
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
  const auto base = llm::load_model(assembly_.base.folder);
  learner_.emplace(scenario, assembly_.task, llm::sort_by_importance(base, assembly_.methods.pruner->rank(base)),
                   assembly_.planner.offer().variants, options_.crew);
}

void Experiment::run() {
  for (const auto& note : assembly_.notes)
    notify(note);
  if (learner_ && judges(scenarios::EvaluatedModel::base)) {
    say("evaluating the base");
    evaluate(0, {{"base", [this] { return learner_->base(); }}});
  }
  const auto server = assembly_.fleet.size();
  std::vector<std::uint32_t> everybody(server);
  std::iota(everybody.begin(), everybody.end(), 0U);
  RoundSimulation simulation{
      server,
      {.down = assembly_.scenario.network.downlink, .up = assembly_.scenario.network.uplink},
      *assembly_.methods.protocol,
      {.select =
           [&](std::int64_t round, std::int64_t count) {
             return assembly_.methods.selection->select({.seed = assembly_.scenario.seed,
                                                         .round = static_cast<std::uint32_t>(round),
                                                         .candidates = everybody,
                                                         .count = static_cast<std::uint32_t>(count)});
           },
       .plan = [this](std::uint32_t client) { return assembly_.plan(client); },
       .link = [this](std::uint32_t client) { return assembly_.link(client); },
       .trained =
           [this](std::int64_t round, const llm::Plan& plan) {
             if (learner_) learner_->note(round, plan);
           },
       .fused = [this](const RoundTimeline& round) { finish_round(round); },
       .observed =
           [this, server](const sim::Event& event) {
             if (assembly_.scenario.output.events) events_.push_back(event_row(event, server));
           }}};
  simulation.run();
  recorder_.add(std::exchange(events_, {}));
}

void Experiment::finish_round(const RoundTimeline& round) {
  std::vector<TrainingRecord> records;
  if (learner_) records = train(round);
  const auto plans = plan_rows(assembly_, round, records);
  if (assembly_.scenario.output.plans) recorder_.add(plans);
  const auto row = round_row(round, plans, version_);
  recorder_.add(row);
  recorder_.add(std::exchange(events_, {}));
  recorder_.commit();
  if (row.version == version_)
    notify(fmt::format("round {} brought nothing to fuse: the base stays at version {}", round.round, version_));
  version_ = row.version;
  if (learner_) learn(round.round);
}

std::vector<TrainingRecord> Experiment::train(const RoundTimeline& round) {
  const auto& protocol = assembly_.scenario.protocol;
  const auto started = std::chrono::steady_clock::now();
  say(fmt::format("round {}: training {} adapters", round.round, round.participations.size()));
  auto records = learner_->collect([&](const clients::TrainingProgress& progress) {
    const Seconds elapsed{std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count()};
    say(progress_text({.round = round.round,
                       .rounds = protocol.rounds,
                       .elapsed = elapsed,
                       .later = (protocol.rounds - round.round) * protocol.clients_per_round},
                      progress));
  });
  for (const auto& record : records)
    if (record.refused)
      notify(fmt::format("round {}: what client {} sent is refused: its numbers are not finite", round.round,
                         record.client));
  return records;
}

/// When nothing came back, every arm's model is the base as it is: what all earlier rounds made of it.
void Experiment::learn(std::int64_t round) {
  if (evaluates(round)) {
    say(fmt::format("round {}: evaluating", round));
    evaluate(round, subjects());
  }
  const auto& primary = assembly_.methods.arms[assembly_.methods.primary_arm];
  if (round < assembly_.scenario.protocol.rounds && !learner_->contributions().empty())
    learner_->advance(primary.fuse(learner_->contributions()));
}

bool Experiment::evaluates(std::int64_t round) const {
  const auto every = assembly_.scenario.evaluation.every;
  return round == assembly_.scenario.protocol.rounds || (every > 0 && round % every == 0);
}

bool Experiment::judges(scenarios::EvaluatedModel model) const {
  const auto& models = assembly_.scenario.evaluation.models;
  return std::ranges::find(models, model) != models.end();
}

std::vector<Subject> Experiment::subjects() const {
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
    for (const auto& arm : assembly_.methods.arms)
      subjects.push_back(
          {arm.name, [this, &arm] { return llm::apply(learner_->base(), arm.fuse(learner_->contributions())); }});
  }
  return subjects;
}

void Experiment::evaluate(std::int64_t round, const std::vector<Subject>& subjects) {
  const auto judgement = assembly_.evaluator->evaluate(round, subjects, options_.crew);
  recorder_.add(judgement.rows);
  if (round > 0) recorder_.commit();  // the base's figures go on file with the first round
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
