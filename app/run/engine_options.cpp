#include "app/run/engine_options.hpp"

#include <algorithm>

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

llm::Sent sent(const scenarios::Adapter& adapter) {
  if (adapter.shares == scenarios::SharedFactors::a) return llm::Sent::a;
  if (adapter.trains == scenarios::TrainedFactors::core) return llm::Sent::core;
  if (adapter.trains == scenarios::TrainedFactors::b) return llm::Sent::b;
  return adapter.trains == scenarios::TrainedFactors::alternate ? llm::Sent::one : llm::Sent::both;
}

llm::Sent carried(const scenarios::Scenario& scenario) {
  if (scenario.recovery.between_rounds == scenarios::BetweenRounds::merge) return llm::Sent::none;
  if (scenario.adapter.trains == scenarios::TrainedFactors::core) return llm::Sent::core;
  return scenario.adapter.shares == scenarios::SharedFactors::a ? llm::Sent::a : llm::Sent::both;
}

}  // namespace

llm::Quantisation quantisation(scenarios::Storage storage) {
  if (storage == scenarios::Storage::int8) return llm::Quantisation::int8;
  return storage == scenarios::Storage::nf4 ? llm::Quantisation::nf4 : llm::Quantisation::none;
}

llm::CostOptions cost_options(const scenarios::Scenario& scenario, const WireBits& bits) {
  const auto& training = scenario.training;
  llm::CostOptions options{.weights = storage(scenario.base.storage),
                           .update_bits = bits.update,
                           .sent = sent(scenario.adapter),
                           .carried_bits = bits.carried,
                           .carried = carried(scenario),
                           .frozen_factors = scenario.adapter.trains == scenarios::TrainedFactors::core,
                           .control_variates = training.control_variates};
  if (training.optimiser == scenarios::Optimiser::sgd) options.moments = training.momentum > 0 ? 1 : 0;
  return options;
}

llm::LoraSpec lora_spec(const scenarios::Adapter& adapter) {
  return lora_spec(adapter, adapter.rank);
}

llm::LoraSpec lora_spec(const scenarios::Adapter& adapter, std::int64_t rank) {
  llm::LoraSpec spec{.rank = rank, .alpha = adapter.alpha, .rslora = adapter.rslora, .targets = {}};
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

}  // namespace edgefuse::app
