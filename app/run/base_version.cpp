#include "app/run/base_version.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <ATen/ATen.h>

#include "llm/device.hpp"
#include "server/recovery/restriction.hpp"
#include "server/recovery/zero_fill.hpp"

namespace edgefuse::app {
namespace {

bool masked(const llm::LayerShape& layer) {
  return layer.density < 1;
}

}  // namespace

BaseVersion::BaseVersion(PreparedBase prepared, const Holding& holding)
    : prepared_{std::move(prepared)}, holding_{holding} {
  const auto held = [&](const llm::Model& model) {
    return llm::on_device(llm::hold(model, holding_.precision, holding_.quantisation), holding_.device);
  };
  if (prepared_.variants.empty()) {
    for (const auto& base : prepared_.sorted) {
      const auto whole = held(base);
      for (const auto& shape : prepared_.shapes)
        variants_.push_back({.shape = shape, .model = llm::slice(whole, shape)});
    }
  } else {
    for (std::size_t i = 0; i < ratios(); ++i)
      variants_.push_back({.shape = prepared_.shapes[i], .model = held(prepared_.variants[i])});
  }
}

BaseVersion BaseVersion::plus(const llm::ModelDelta& change) const {
  auto next = prepared_;
  for (std::size_t i = 0; i < next.variants.size(); ++i)
    next.variants[i] = llm::apply(prepared_.variants[i],
                                  as_seen_by(prepared_.variants[i], prepared_.shapes[i], base().config, change));
  if (masks() == 1) {
    next.sorted.front() = llm::apply(base(), change);
  } else {
    next.base = llm::apply(base(), change);
    for (std::size_t mask = 0; mask < masks(); ++mask)
      next.sorted[mask] = llm::sort_by_importance(next.base, order(mask));
  }
  return {std::move(next), holding_};
}

llm::ModelDelta BaseVersion::seen(const llm::ModelDelta& change, std::size_t index) const {
  const auto& config = base().config;
  const auto& shape = variant(index).shape;
  auto seen = masks() == 1 ? server::restricted(change, shape, config)
                           : server::restricted(llm::sort(change, config, order_of(index)), shape, config);
  std::erase_if(
      seen, [&](const auto& module) { return shape.layers[static_cast<std::size_t>(module.first.layer)].dropped(); });
  return seen;
}

llm::FactorGradient BaseVersion::seen(const llm::FactorGradient& gradient, std::size_t index) const {
  llm::ModelDelta change;
  for (const auto& [id, factors] : gradient)
    change.emplace(id, llm::LowRank{.a = factors.a, .b = factors.b});
  llm::FactorGradient result;
  for (const auto& [id, module] : seen(change, index)) {
    const auto& low = std::get<llm::LowRank>(module);
    result[id] = {.a = low.a, .b = low.b};
  }
  return result;
}

llm::FactorGradient BaseVersion::placed(const llm::FactorGradient& gradient, std::size_t index) const {
  const auto& config = base().config;
  const auto whole = server::recover_adapter({.spec = {}, .modules = gradient}, variant(index).shape, config);
  return masks() == 1 ? whole.modules : llm::unsort(whole, config, order_of(index)).modules;
}

llm::ModelDelta as_seen_by(const llm::Model& variant, const llm::VariantShape& shape, const llm::ModelConfig& config,
                           const llm::ModelDelta& change) {
  auto seen = server::restricted(change, shape, config);
  for (auto& [id, delta] : seen) {
    const auto layer = static_cast<std::size_t>(id.layer);
    if (!masked(shape.layers[layer])) continue;
    const auto& weight = variant.layers[layer].projection(id.projection).weight;
    delta = llm::Dense{llm::dense(delta) * weight.ne(0).to(weight.scalar_type())};
  }
  return seen;
}

}  // namespace edgefuse::app
