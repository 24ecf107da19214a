#include "app/run/base_version.hpp"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>

#include "llm/device.hpp"
#include "server/recovery/restriction.hpp"

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
  for (const auto& order : prepared_.orders) {
    sorted_.push_back(llm::sort_by_importance(prepared_.base, order));
    if (prepared_.variants.empty()) {
      const auto whole = held(sorted_.back());
      for (const auto& shape : prepared_.shapes)
        variants_.push_back({.shape = shape, .model = llm::slice(whole, shape)});
    } else {
      for (std::size_t i = 0; i < ratios(); ++i)
        variants_.push_back({.shape = prepared_.shapes[i], .model = held(prepared_.variants[i])});
    }
  }
}

BaseVersion BaseVersion::plus(const llm::ModelDelta& change) const {
  auto next = prepared_;
  const auto& order = prepared_.orders.front();
  next.base =
      masks() == 1 ? llm::unsort(llm::apply(sorted_.front(), change), order) : llm::apply(prepared_.base, change);
  for (std::size_t i = 0; i < next.variants.size(); ++i)
    next.variants[i] = llm::apply(
        prepared_.variants[i], as_seen_by(prepared_.variants[i], prepared_.shapes[i], prepared_.base.config, change));
  return {std::move(next), holding_};
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
