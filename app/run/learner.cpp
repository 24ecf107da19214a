#include "app/run/learner.hpp"

#include <utility>
#include <variant>

#include "app/run/carried.hpp"
#include "app/run/engine_options.hpp"
#include "app/run/revealed.hpp"
#include "clients/local_data.hpp"
#include "clients/rank_pruning.hpp"
#include "llm/pruning/record.hpp"
#include "llm/schedule.hpp"
#include "llm/variant.hpp"
#include "server/fusion/coverage.hpp"
#include "server/recovery/refusal.hpp"
#include "sim/expects.hpp"

namespace edgefuse::app {
namespace {

std::size_t ratio_index(const BaseVersion& model, const llm::VariantShape& shape) {
  for (std::size_t i = 0; i < model.ratios(); ++i)
    if (model.variant(i).shape == shape) return i;
  EDGEFUSE_EXPECTS(false, "an update is of a variant that was offered");
  return 0;
}

}  // namespace

Learner::Learner(const scenarios::Scenario& scenario, const LearningTask& task, Aggregation aggregation,
                 PreparedBase prepared, llm::Crew crew)
    : scenario_{scenario},
      task_{task},
      aggregation_{std::move(aggregation)},
      device_{crew.device},
      trainer_{
          {.training = training_options(scenario.training), .gang = scenario.training.gang, .crew = std::move(crew)}},
      exchange_{scenario, aggregation_.compressor, aggregation_.down_compressor} {
  const Holding holding{.precision = training_options(scenario.training).precision,
                        .quantisation = quantisation(scenario.base.storage),
                        .device = device_};
  BaseVersion base{std::move(prepared), holding};
  auto first = exchange_.first(base.base(), aggregation_.public_texts);
  versions_.emplace(0, Version{.model = std::move(base), .carried = std::move(first)});
  if (scenario.training.control_variates) scaffold_.emplace(scenario, task);
}

void Learner::release(std::int64_t version) {
  const auto found = versions_.find(version);
  EDGEFUSE_EXPECTS(found != versions_.end() && found->second.users > 0, "a version is released as often as kept");
  --found->second.users;
  while (versions_.size() > 1 && versions_.begin()->second.users == 0)
    versions_.erase(versions_.begin());
}

Start Learner::start_of(const llm::Plan& plan, std::int64_t invitation, std::int64_t version) const {
  const auto& model = versions_.at(version).model;
  return {.client = plan.client,
          .stream = static_cast<std::uint32_t>(invitation),
          .rank = plan.rank,
          .variant = mask_of(plan.client, model) * model.ratios() + plan.variant,
          .version = version};
}

llm::Adapter Learner::begins(const llm::Plan& plan, std::int64_t invitation, std::int64_t version) const {
  return beginning(start_of(plan, invitation, version)).adapter;
}

void Learner::note(const llm::Plan& plan, std::int64_t invitation, std::int64_t version) {
  const auto start = start_of(plan, invitation, version);
  auto numbered = plan;  // among the variants of all masks
  numbered.variant = static_cast<std::uint32_t>(start.variant);
  const auto build = [this, start]() -> llm::TrainingJob {
    const auto& shard = task_.shard(start.client);
    auto [adapter, cores] = beginning(start);
    auto corrected = in_units_of(lora_spec(scenario_.adapter, start.rank), correction(start, adapter));
    return {.initial = std::move(adapter),
            .steps = clients::local_batches(shard.examples, local_schedule(scenario_.training), scenario_.seed,
                                            start.client, start.stream),
            .randomness = {.seed = scenario_.seed,
                           .domain = sim::Domain::dropout_seed,
                           .round = start.stream,
                           .client = start.client},
            .trains = exchange_.trained(start.version),
            .correction = std::move(corrected),
            .penalty = penalty(start),
            .cores = std::move(cores)};
  };
  trainer_.note({.plan = numbered, .invitation = invitation, .version = version, .build = build});
}

Exchange::Beginning Learner::beginning(const Start& start) const {
  const auto& from = versions_.at(start.version);
  return exchange_.beginning(from.model, from.carried, start);
}

llm::FactorGradient Learner::correction(const Start& start, const llm::Adapter& initial) const {
  if (!scaffold_) return {};
  const auto& version = versions_.at(start.version);
  return scaffold_->correction(start.client, {start.variant, start.rank}, version.variate, version.model, initial);
}

std::optional<llm::TailPenalty> Learner::penalty(const Start& start) const {
  const auto& [decay, lambda] = scenario_.adapter.self_pruning;
  if (lambda == 0) return std::nullopt;
  return llm::TailPenalty{.lambda = lambda, .kept = clients::ranks_kept(start.rank, decay)};
}

std::vector<TrainingRecord> Learner::collect(const clients::TrainingWatch& watch) {
  gathered_ = {};
  personal_.clear();
  std::vector<TrainingRecord> records;
  const auto variant = [this](std::int64_t version, std::uint32_t index) -> const clients::VariantModel& {
    return versions_.at(version).model.variant(index);
  };
  for (auto& result : trainer_.train(variant, watch)) {
    auto record = record_of(result);
    if (result.update) add_contribution(*result.update, std::ssize(result.losses), record);
    records.push_back(record);
  }
  weigh();
  return records;
}

void Learner::add_contribution(const llm::Update& update, std::int64_t steps, TrainingRecord& record) {
  const auto& version = versions_.at(update.version);
  const auto mask = mask_of(update.client, version.model);
  const Start who{.client = update.client,
                  .stream = static_cast<std::uint32_t>(record.invitation),
                  .rank = update.adapter.spec.rank,
                  .variant = mask * version.model.ratios() + ratio_index(version.model, update.variant),
                  .version = update.version};
  auto arrived = without_ranks_given_up(update, who);
  const auto rank = arrived.adapter.spec.rank;
  auto delta = received(arrived, who);
  auto own = exchange_.keeps_b() ? recovered(update, who) : std::nullopt;
  if (!delta || (exchange_.keeps_b() && !own)) return;
  if (rank < who.rank) record.pruned_to = rank;
  if (scaffold_) record.forgot_drift = renew_variate(update.adapter, who, steps);
  if (own) {
    exchange_.keep_b(update, who);
    personal_.push_back(contribution_of(update, who, std::move(*own)));
  }
  gathered_.contributions.push_back(contribution_of(arrived, who, std::move(*delta)));
  gathered_.begun.push_back(update.version);
  record.refused = false;
}

/// A core is of the whole base, whatever variant it was trained on.
std::optional<llm::ModelDelta> Learner::received(llm::Update& update, const Start& who) {
  const auto& [model, users, change, carried, variate] = versions_.at(who.version);
  if (!exchange_.trains_cores()) {
    update.adapter = exchange_.received(update, model, carried, who);
    return recovered(update, who);
  }
  update.variant = llm::full_shape(base().config);
  auto made = server::unless_refused(exchange_.received_cores(update, *carried, who));
  auto* delta = std::get_if<llm::ModelDelta>(&made);
  return delta == nullptr ? std::nullopt : std::optional{std::move(*delta)};
}

std::optional<llm::ModelDelta> Learner::recovered(const llm::Update& update, const Start& who) const {
  const auto& model = versions_.at(who.version).model;
  const auto mask = mask_of(who.client, model);
  auto made = aggregation_.recovery.recover(update, {.base = model.sorted(mask),
                                                     .variant = model.variant(who.variant).model,
                                                     .seed = scenario_.seed,
                                                     .round = who.stream});
  auto* delta = std::get_if<llm::ModelDelta>(&made);
  if (delta == nullptr) return std::nullopt;
  if (model.masks() > 1) return llm::unsort(*delta, base().config, model.order(mask));
  return std::move(*delta);
}

server::Contribution Learner::contribution_of(const llm::Update& update, const Start& who,
                                              llm::ModelDelta delta) const {
  const auto& model = versions_.at(who.version).model;
  const auto& config = base().config;
  auto coverage =
      model.masks() == 1
          ? server::coverage_of(update.variant, config)
          : server::coverage_of(llm::kept_units(model.order(mask_of(who.client, model)), update.variant), config);
  auto statistics = revealed(task_.shard(update.client), model.variant(who.variant).model, coverage,
                             lora_spec(scenario_.adapter).targets, config, aggregation_.reveals);
  const bool by_examples = scenario_.fusion.weights == scenarios::Weights::examples;
  return {.client = update.client,
          .weight = by_examples ? static_cast<double>(update.examples) : 1.0,
          .delta = std::move(delta),
          .coverage = std::move(coverage),
          .scale = update.adapter.spec.scale(),
          .statistics = std::move(statistics)};
}

llm::Update Learner::without_ranks_given_up(llm::Update update, const Start& start) const {
  const double decay = scenario_.adapter.self_pruning.decay;
  if (decay == 1) return update;
  update.adapter =
      clients::first_ranks(update.adapter, clients::rank_after(beginning(start).adapter, update.adapter, decay));
  return update;
}

bool Learner::renew_variate(const llm::Adapter& trained, const Start& start, std::int64_t steps) {
  const auto began = beginning(start).adapter;
  const auto added = correction(start, began);
  return scaffold_->renew(start.client, {start.variant, start.rank},
                          {.initial = began,
                           .trained = trained,
                           .correction = added,
                           .rates = llm::summed_rates(training_options(scenario_.training), steps),
                           .moved = exchange_.trained(start.version)},
                          versions_.at(start.version).model);
}

/// Stale updates weigh less among each other, and as many of them as there are make the whole change smaller:
/// Σ w s(τ) D / Σ w, as FedBuff has it, is the mean of weights w s(τ) times Σ w s(τ) / Σ w.
void Learner::weigh() {
  for (std::size_t i = 0; i < gathered_.contributions.size(); ++i) {
    auto& weight = gathered_.contributions[i].weight;
    gathered_.total_weight += weight;
    weight *= aggregation_.discount(version() - gathered_.begun[i]);
  }
}

std::vector<server::Contribution> Learner::contributions_of(const std::string& domain) const {
  std::vector<server::Contribution> chosen;
  for (const auto& contribution : exchange_.keeps_b() ? personal_ : gathered_.contributions)
    if (task_.shard(contribution.client).domain == domain) chosen.push_back(contribution);
  return chosen;
}

Fused Learner::fuse(const Arm& arm) const {
  return RoundFusion{scenario_, aggregation_, device_, versions_, gathered_, optimiser_state_}.fuse(arm);
}

void Learner::advance(Fused fused) {
  auto& delta = fused.change;
  optimiser_state_ = std::move(fused.state);
  auto& current = versions_.rbegin()->second;
  if (scenario_.recovery.between_rounds != scenarios::BetweenRounds::merge) {
    auto carried = cut(delta, scenario_.adapter.rank);
    const bool exact = scenario_.recovery.between_rounds == scenarios::BetweenRounds::carry_exact;
    auto model = exact ? current.model.plus(difference(delta, carried)) : current.model;
    versions_.emplace(version() + 1, Version{.model = std::move(model),
                                             .carried = std::move(carried),
                                             .variate = scaffold_ ? scaffold_->mean() : llm::FactorGradient{}});
    return;
  }
  Version next{.model = current.model.plus(delta)};
  if (aggregation_.mixing.pull_back) current.change = std::move(delta);
  versions_.emplace(version() + 1, std::move(next));
}

}  // namespace edgefuse::app
