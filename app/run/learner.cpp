#include "app/run/learner.hpp"

#include <numeric>
#include <utility>

#include "app/run/engine_options.hpp"
#include "clients/local_data.hpp"
#include "llm/device.hpp"
#include "llm/variant.hpp"
#include "server/fusion/mixing.hpp"
#include "server/recovery/recovery.hpp"
#include "sim/expects.hpp"

namespace edgefuse::app {

Learner::Learner(const scenarios::Scenario& scenario, const LearningTask& task, Aggregation aggregation,
                 llm::Model sorted, std::vector<llm::VariantShape> offered, llm::Crew crew)
    : scenario_{scenario},
      task_{task},
      aggregation_{std::move(aggregation)},
      offered_{std::move(offered)},
      device_{crew.device},
      trainer_{
          {.training = training_options(scenario.training), .gang = scenario.training.gang, .crew = std::move(crew)}} {
  versions_.emplace(0, make_version(std::move(sorted)));
}

Learner::Version Learner::make_version(llm::Model base) const {
  Version version{.base = std::move(base), .variants = {}};
  const auto held = llm::on_device(
      llm::hold(version.base, training_options(scenario_.training).precision, quantisation(scenario_.base.storage)),
      device_);
  for (const auto& shape : offered_)
    version.variants.push_back({.shape = shape, .model = llm::slice(held, shape)});
  return version;
}

void Learner::release(std::int64_t version) {
  const auto found = versions_.find(version);
  EDGEFUSE_EXPECTS(found != versions_.end() && found->second.users > 0, "a version is released as often as kept");
  --found->second.users;
  while (versions_.size() > 1 && versions_.begin()->second.users == 0)
    versions_.erase(versions_.begin());
}

void Learner::note(const llm::Plan& plan, std::int64_t invitation, std::int64_t version) {
  const auto stream = static_cast<std::uint32_t>(invitation);
  const auto& variants = versions_.at(version).variants;
  const auto build = [this, stream, plan, &variants]() -> llm::TrainingJob {
    const auto& shard = task_.shard(plan.client);
    auto adapter = lora_spec(scenario_.adapter);
    adapter.rank = plan.rank;
    return {.initial = llm::make_adapter(variants[plan.variant].model, adapter, scenario_.seed, plan.client, stream),
            .steps = clients::local_batches(shard.examples, local_schedule(scenario_.training), scenario_.seed,
                                            plan.client, stream),
            .randomness = {
                .seed = scenario_.seed, .domain = sim::Domain::dropout_seed, .round = stream, .client = plan.client}};
  };
  trainer_.note({.plan = plan, .invitation = invitation, .version = version, .build = build});
}

std::vector<TrainingRecord> Learner::collect(const clients::TrainingWatch& watch) {
  contributions_.clear();
  begun_.clear();
  std::vector<TrainingRecord> records;
  const auto variant = [this](std::int64_t version, std::uint32_t index) -> const clients::VariantModel& {
    return versions_.at(version).variants[index];
  };
  for (auto& result : trainer_.train(variant, watch)) {
    TrainingRecord record{.client = result.client, .invitation = result.invitation, .refused = true};
    if (!result.losses.empty()) {
      record.first_loss = result.losses.front();
      record.last_loss = result.losses.back();
      record.mean_loss =
          std::accumulate(result.losses.begin(), result.losses.end(), 0.0) / static_cast<double>(result.losses.size());
    }
    if (result.update) add_contribution(*result.update, record);
    records.push_back(record);
  }
  weigh();
  return records;
}

void Learner::add_contribution(const llm::Update& update, TrainingRecord& record) {
  auto recovered = server::recover(update, base().config);
  auto* delta = std::get_if<llm::ModelDelta>(&recovered);
  if (delta == nullptr) return;
  const bool by_examples = scenario_.fusion.weights == scenarios::Weights::examples;
  contributions_.push_back({.client = update.client,
                            .weight = by_examples ? static_cast<double>(update.examples) : 1.0,
                            .delta = std::move(*delta)});
  begun_.push_back(update.version);
  record.refused = false;
}

/// Stale updates weigh less among each other, and as many of them as there are make the whole change smaller:
/// Σ w s(τ) D / Σ w, as FedBuff has it, is the mean of weights w s(τ) times Σ w s(τ) / Σ w.
void Learner::weigh() {
  total_weight_ = 0;
  for (std::size_t i = 0; i < contributions_.size(); ++i) {
    auto& weight = contributions_[i].weight;
    total_weight_ += weight;
    weight *= aggregation_.discount(version() - begun_[i]);
  }
}

std::vector<server::Contribution> Learner::contributions_of(const std::string& domain) const {
  std::vector<server::Contribution> chosen;
  for (const auto& contribution : contributions_)
    if (task_.shard(contribution.client).domain == domain) chosen.push_back(contribution);
  return chosen;
}

llm::ModelDelta Learner::fused(const Arm& arm) const {
  if (contributions_.empty()) return {};
  const auto change = plainly_fused(arm);
  std::vector<server::Scaled> terms = {{&change, share_of_those_begun_by(version())}};
  if (aggregation_.mixing.pull_back)
    for (auto v = versions_.begin(); v != std::prev(versions_.end()); ++v)
      terms.push_back({&v->second.change, -share_of_those_begun_by(v->first)});
  std::erase_if(terms, [](const server::Scaled& term) { return term.factor == 0; });
  return terms.size() == 1 && terms.front().factor == 1 ? change : server::sum(terms);
}

llm::ModelDelta Learner::plainly_fused(const Arm& arm) const {
  if (!aggregation_.group) return arm.fuse(contributions_);
  std::vector<std::uint32_t> groups;
  for (const auto& contribution : contributions_)
    groups.push_back(aggregation_.group(contribution.client));
  return server::fuse_in_groups(contributions_, groups, *arm.resolver, *arm.rule);
}

double Learner::share_of_those_begun_by(std::int64_t version) const {
  double weight = 0;
  for (std::size_t i = 0; i < contributions_.size(); ++i)
    if (begun_[i] <= version) weight += contributions_[i].weight;
  return aggregation_.mixing.rate * (weight / total_weight_);
}

void Learner::advance(llm::ModelDelta delta) {
  auto& current = versions_.rbegin()->second;
  auto next = make_version(llm::apply(current.base, delta));
  if (aggregation_.mixing.pull_back) current.change = std::move(delta);
  versions_.emplace(version() + 1, std::move(next));
}

}  // namespace edgefuse::app
