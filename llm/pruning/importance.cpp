#include "llm/pruning/importance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "llm/pruning/standardised.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

std::vector<std::int64_t> order_by_score(const std::vector<double>& scores) {
  EDGEFUSE_EXPECTS(std::ranges::all_of(scores, [](double x) { return std::isfinite(x); }), "scores are finite");
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::int64_t i) { return scores[static_cast<std::size_t>(i)]; });
  return order;
}

/// Something that can go, and what goes with it.
struct Unit {
  double score;
  std::size_t layer;
  bool neuron;
  std::int64_t weights;
};

std::int64_t weights_of_group(const ModelConfig& config) {
  return 2 * (config.group() + 1) * config.head_dim * config.hidden;  // q and o, k and v
}
std::int64_t weights_of_neuron(const ModelConfig& config) {
  return 3 * config.hidden;
}

/// All units of the layers that are not protected, the least important first; among equals the last of its layer, and
/// the first layer's.
std::vector<Unit> units_by_rising_score(const ModelConfig& config, const Importance& importance,
                                        const Protection& protection) {
  std::vector<Unit> units;
  const auto add = [&](std::size_t layer, bool neuron, std::vector<double> scores) {
    if (!importance.comparable) scores = standardised(std::move(scores), Deviation::population);
    std::ranges::sort(scores);
    const auto weights = neuron ? weights_of_neuron(config) : weights_of_group(config);
    for (const double score : scores)
      units.push_back({.score = score, .layer = layer, .neuron = neuron, .weights = weights});
  };
  for (auto l = protection.first; l < config.layers - protection.last; ++l) {
    const auto layer = static_cast<std::size_t>(l);
    add(layer, false, importance.layers[layer].kv_heads);
    add(layer, true, importance.layers[layer].neurons);
  }
  std::ranges::stable_sort(units, {}, &Unit::score);
  return units;
}

}  // namespace

Importance::Layer alike(const ModelConfig& config) {
  const auto zeros = [](std::int64_t count) { return std::vector<double>(static_cast<std::size_t>(count), 0.0); };
  return {.kv_heads = zeros(config.kv_heads), .neurons = zeros(config.intermediate)};
}

std::vector<double> sums_of_units(const Importance& importance) {
  std::vector<double> sums;
  for (const auto& layer : importance.layers)
    sums.push_back(std::accumulate(layer.neurons.begin(), layer.neurons.end(),
                                   std::accumulate(layer.kv_heads.begin(), layer.kv_heads.end(), 0.0)));
  return sums;
}

ImportanceOrder order_of(const Importance& importance) {
  ImportanceOrder order;
  for (const auto& layer : importance.layers)
    order.layers.push_back({.kv_heads = order_by_score(layer.kv_heads), .neurons = order_by_score(layer.neurons)});
  return order;
}

VariantShape global_shape(const ModelConfig& config, const Importance& importance, double ratio,
                          const Protection& protection) {
  auto shape = variant_shape(config, ratio, protection.first, protection.last);  // refuses what cannot be
  EDGEFUSE_EXPECTS(importance.layers.size() == shape.layers.size(), "every layer has its importance");
  shape.layers = full_shape(config).layers;
  const auto units = units_by_rising_score(config, importance, protection);
  double weights = 0;
  for (const auto& unit : units)
    weights += static_cast<double>(unit.weights);
  double removed = 0;
  for (const auto& unit : units) {
    if (removed >= ratio * weights) break;
    auto& left = unit.neuron ? shape.layers[unit.layer].neurons : shape.layers[unit.layer].kv_heads;
    if (left == 1) continue;
    --left;
    removed += static_cast<double>(unit.weights);
  }
  return shape;
}

VariantShape depth_shape(const ModelConfig& config, const Importance& importance, double ratio,
                         const Protection& protection) {
  auto shape = variant_shape(config, ratio, protection.first, protection.last);  // refuses what cannot be
  EDGEFUSE_EXPECTS(importance.whole_layers.size() == shape.layers.size(), "every layer has its importance");
  shape.layers = full_shape(config).layers;
  const auto first = importance.whole_layers.begin() + protection.first;
  const std::vector<double> scores(first, importance.whole_layers.end() - protection.last);
  const auto n = std::ssize(scores);
  const auto gone = std::min(std::llround(static_cast<double>(n) * ratio), static_cast<long long>(n) - 1);
  const auto order = order_by_score(scores);
  for (auto i = n - gone; i < n; ++i)
    shape.layers[static_cast<std::size_t>(protection.first + order[static_cast<std::size_t>(i)])] = {};
  return shape;
}

}  // namespace edgefuse::llm
