#include "app/run/exchange.hpp"

#include <utility>

#include <ATen/ATen.h>

#include "app/run/carried.hpp"
#include "app/run/engine_options.hpp"
#include "app/run/gradient_start.hpp"
#include "clients/rank_pruning.hpp"
#include "llm/variant.hpp"

namespace edgefuse::app {

std::size_t mask_of(std::uint32_t client, const BaseVersion& model) {
  return client % model.masks();
}

Exchange::Exchange(const scenarios::Scenario& scenario, const clients::Compressor* up, const clients::Compressor* down)
    : scenario_{scenario}, down_{scenario.compression.down.method == "none" ? nullptr : down} {
  if (up != nullptr) up_.emplace(*up, scenario.compression.error_feedback, scenario.seed);
}

llm::Factors Exchange::trained(std::int64_t version) const {
  switch (scenario_.adapter.trains) {
    case scenarios::TrainedFactors::both:
      return llm::Factors::both;
    case scenarios::TrainedFactors::b:
      return llm::Factors::b;
    case scenarios::TrainedFactors::core:
      return llm::Factors::a;
    case scenarios::TrainedFactors::alternate:
      break;
  }
  return version % 2 == 0 ? llm::Factors::b : llm::Factors::a;  // B first: with B = 0 nothing moves A
}

std::optional<llm::ModelDelta> Exchange::first(const llm::Model& base, const llm::Calibration& public_texts) {
  const bool own = scenario_.adapter.start == scenarios::AdapterStart::own;
  if (own || scenario_.recovery.between_rounds == scenarios::BetweenRounds::merge) return std::nullopt;
  const auto spec = lora_spec(scenario_.adapter);
  if (scenario_.adapter.start == scenarios::AdapterStart::shared)
    return llm::to_delta(llm::make_adapter(base, spec, scenario_.seed, 0));
  auto start = gradient_start(base, spec, public_texts, scenario_.training.learning_rate);
  if (!trains_cores()) return start;
  basis_.emplace(start, spec);
  return basis_->change_of(basis_->first());
}

llm::Adapter Exchange::fresh(const BaseVersion& model, const Start& who) const {
  const auto& variant = model.variant(who.variant).model;
  const auto spec = lora_spec(scenario_.adapter, who.rank);
  if (scenario_.adapter.start == scenarios::AdapterStart::own)
    return llm::make_adapter(variant, spec, scenario_.seed, who.client, who.stream);
  auto shared = llm::make_adapter(variant, spec, scenario_.seed, 0);
  if (model.masks() > 1) {  // drawn in the order of this mask, and what all share lies in the base's
    const auto everybodys = llm::to_delta(llm::make_adapter(model.base(), spec, scenario_.seed, 0));
    start_from(shared, as_adapter(model.seen(everybodys, who.variant), spec));
  }
  return shared;
}

Exchange::Download Exchange::download(const BaseVersion& model, const llm::ModelDelta& carried,
                                      const Start& who) const {
  const auto spec = lora_spec(scenario_.adapter, who.rank);
  const auto held = as_adapter(model.seen(carried, who.variant), spec);
  // Who has the same variant and rank of one version gets the same.
  const auto variants = model.masks() * model.ratios();
  return encoded(held, keeps_b() ? llm::Factors::a : llm::Factors::both,
                 static_cast<std::size_t>(who.version) * variants + who.variant);
}

Exchange::Download Exchange::download_of_cores(const llm::ModelDelta& carried, const Start& who) const {
  return encoded(as_adapter(basis_->cores_of(carried), lora_spec(scenario_.adapter)), llm::Factors::a,
                 static_cast<std::size_t>(who.version));
}

Exchange::Download Exchange::encoded(llm::Adapter held, llm::Factors travels, std::size_t broadcast) const {
  if (down_ == nullptr) return {.held = held, .sent = held};
  auto sent = clients::downloaded(held, travels, *down_, scenario_.seed, static_cast<std::uint32_t>(broadcast));
  return {.held = std::move(held), .sent = std::move(sent)};
}

Exchange::Beginning Exchange::beginning(const BaseVersion& model, const std::optional<llm::ModelDelta>& carried,
                                        const Start& who) const {
  if (basis_) {
    const auto cores = as_cores(download_of_cores(*carried, who).sent);
    return {.adapter = basis_->adapter_of(cores, model, who.variant), .cores = basis_->seen(cores, model, who.variant)};
  }
  auto adapter = fresh(model, who);
  if (carried) start_from(adapter, download(model, *carried, who).sent);
  return {.adapter = with_own_b(std::move(adapter), who), .cores = {}};
}

llm::Adapter Exchange::with_own_b(llm::Adapter adapter, const Start& who) const {
  const auto own = own_b_.find(who.client);
  if (own == own_b_.end() || own->second.variant != who.variant || own->second.rank != who.rank) return adapter;
  for (auto& [id, factors] : adapter.modules)
    factors.b.copy_(own->second.modules.at(id));
  return adapter;
}

llm::ModelDelta Exchange::received_cores(const llm::Update& update, const llm::ModelDelta& carried, const Start& who) {
  auto [held, sent] = download_of_cores(carried, who);
  auto arrived = as_adapter(update.cores, held.spec);
  if (up_) {
    auto began = arrived;
    for (auto& [id, factors] : began.modules)
      factors = sent.modules.at(id);
    arrived = up_->received(arrived, began, llm::Factors::a, who.client, who.stream);
  }
  for (const auto& [id, factors] : plus_unsent(std::move(arrived), held, sent).modules)
    held.modules[id] = factors;
  return basis_->change_of(as_cores(held));
}

llm::Adapter Exchange::received(const llm::Update& update, const BaseVersion& model,
                                const std::optional<llm::ModelDelta>& carried, const Start& who) {
  const auto rank = update.adapter.spec.rank;
  auto arrived = up_ ? up_->received(update.adapter, clients::first_ranks(beginning(model, carried, who).adapter, rank),
                                     sent(who.version), who.client, who.stream)
                     : update.adapter;
  if (keeps_b())
    for (auto& [id, factors] : arrived.modules)
      factors.b = at::zeros_like(factors.b);
  if (!carried || down_ == nullptr) return arrived;
  const auto [held, sent] = download(model, *carried, who);
  auto whole = plus_unsent(std::move(arrived), held, sent);
  keep_frozen(whole, held, trained(who.version));  // to the last bit
  return whole;
}

void Exchange::keep_b(const llm::Update& update, const Start& who) {
  OwnB own{.variant = who.variant, .rank = who.rank, .modules = {}};
  for (const auto& [id, factors] : update.adapter.modules)
    own.modules[id] = factors.b;
  own_b_.insert_or_assign(who.client, std::move(own));
}

}  // namespace edgefuse::app
