#include "app/run/learner.hpp"

#include <algorithm>
#include <utility>

#include "clients/local_data.hpp"
#include "llm/device.hpp"
#include "llm/variant.hpp"
#include "server/recovery/recovery.hpp"
#include "sim/expects.hpp"

namespace edgefuse::app {
namespace {

llm::Schedule schedule(scenarios::Schedule chosen) {
  switch (chosen) {
    case scenarios::Schedule::constant:
      return llm::Schedule::constant;
    case scenarios::Schedule::cosine:
      return llm::Schedule::cosine;
    case scenarios::Schedule::linear:
      break;
  }
  return llm::Schedule::linear;
}

llm::Quantisation quantisation(scenarios::Storage chosen) {
  if (chosen == scenarios::Storage::int8) return llm::Quantisation::int8;
  return chosen == scenarios::Storage::nf4 ? llm::Quantisation::nf4 : llm::Quantisation::none;
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

}  // namespace

llm::CostOptions cost_options(const scenarios::Scenario& scenario) {
  const auto& training = scenario.training;
  llm::CostOptions options{.weights = storage(scenario.base.storage)};
  if (training.optimiser == scenarios::Optimiser::sgd) options.moments = training.momentum > 0 ? 1 : 0;
  return options;
}

llm::LoraSpec lora_spec(const scenarios::Adapter& adapter) {
  llm::LoraSpec spec{.rank = adapter.rank, .alpha = adapter.alpha, .rslora = adapter.rslora, .targets = {}};
  for (const auto& target : adapter.targets) {
    const auto projection = llm::parse_projection(target);
    EDGEFUSE_EXPECTS(projection.has_value(), "the schema lets only projections through");
    spec.targets.push_back(*projection);
  }
  std::ranges::sort(spec.targets);
  return spec;
}

llm::TrainingOptions training_options(const scenarios::Training& training) {
  llm::TrainingOptions options;
  options.optimiser = training.optimiser == scenarios::Optimiser::sgd ? llm::Optimiser::sgd : llm::Optimiser::adamw;
  options.momentum = training.momentum;
  options.learning_rate = training.learning_rate;
  options.schedule = schedule(training.schedule);
  options.warm_up = training.warm_up;
  options.weight_decay = training.weight_decay;
  if (training.clip_norm > 0) options.clip_norm = training.clip_norm;
  options.proximal = training.proximal;
  options.dropout = training.dropout;
  options.precision = training.precision == scenarios::Precision::bf16 ? llm::Precision::bf16 : llm::Precision::fp32;
  options.recompute = training.recompute;
  return options;
}

Learner::Learner(const scenarios::Scenario& scenario, const LearningTask& task, llm::Model sorted,
                 std::vector<llm::VariantShape> offered, llm::Crew crew)
    : scenario_{scenario},
      task_{task},
      base_{std::move(sorted)},
      offered_{std::move(offered)},
      device_{crew.device},
      trainer_{
          {.training = training_options(scenario.training), .gang = scenario.training.gang, .crew = std::move(crew)}} {
  slice_variants();
}

void Learner::slice_variants() {
  const auto options = training_options(scenario_.training);
  const auto held = llm::on_device(llm::hold(base_, options.precision, quantisation(scenario_.base.storage)), device_);
  variants_.clear();
  for (const auto& shape : offered_)
    variants_.push_back({.shape = shape, .model = llm::slice(held, shape)});
}

void Learner::note(std::int64_t round, const llm::Plan& plan) {
  const auto build = [this, round, plan]() -> llm::TrainingJob {
    const auto& shard = task_.shard(plan.client);
    return {.initial = llm::make_adapter(variants_[plan.variant].model, lora_spec(scenario_.adapter), scenario_.seed,
                                         plan.client, static_cast<std::uint32_t>(round)),
            .steps = clients::local_batches(shard.examples, local_schedule(scenario_.training), scenario_.seed,
                                            plan.client, static_cast<std::uint32_t>(round)),
            .randomness = {.seed = scenario_.seed,
                           .domain = sim::Domain::dropout_seed,
                           .round = static_cast<std::uint32_t>(round),
                           .client = plan.client}};
  };
  trainer_.note({.plan = plan, .version = version_, .build = build});
}

std::vector<TrainingRecord> Learner::collect(const clients::TrainingWatch& watch) {
  contributions_.clear();
  std::vector<TrainingRecord> records;
  const auto variant = [this](std::int64_t version, std::uint32_t index) -> const clients::VariantModel& {
    EDGEFUSE_EXPECTS(version == version_, "rounds are synchronous: nobody trains on an older version");
    return variants_[index];
  };
  for (auto& result : trainer_.train(variant, watch)) {
    TrainingRecord record{.client = result.client, .refused = true};
    if (!result.losses.empty()) {
      record.first_loss = result.losses.front();
      record.last_loss = result.losses.back();
    }
    if (result.update) {
      auto recovered = server::recover(*result.update, base_.config);
      if (auto* delta = std::get_if<llm::ModelDelta>(&recovered)) {
        const bool by_examples = scenario_.fusion.weights == scenarios::Weights::examples;
        contributions_.push_back({.client = result.client,
                                  .weight = by_examples ? static_cast<double>(result.update->examples) : 1.0,
                                  .delta = std::move(*delta)});
        record.refused = false;
      }
    }
    records.push_back(record);
  }
  return records;
}

std::vector<server::Contribution> Learner::contributions_of(const std::string& domain) const {
  std::vector<server::Contribution> chosen;
  for (const auto& contribution : contributions_)
    if (task_.shard(contribution.client).domain == domain) chosen.push_back(contribution);
  return chosen;
}

void Learner::advance(const llm::ModelDelta& delta) {
  base_ = llm::apply(base_, delta);
  ++version_;
  slice_variants();
}

}  // namespace edgefuse::app
