#include "llm/variant.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

using Order = std::vector<std::int64_t>;

void expect_permutation(const Order& order) {
  const auto n = std::ssize(order);
  std::vector<bool> seen(order.size(), false);
  for (const auto i : order) {
    EDGEFUSE_EXPECTS(i >= 0 && i < n && !seen[static_cast<std::size_t>(i)], "an order names each one once");
    seen[static_cast<std::size_t>(i)] = true;
  }
}

Order inverse(const Order& order) {
  Order result(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    result[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
  return result;
}

/// Row numbers when whole blocks of `width` rows move.
at::Tensor rows_of(const Order& blocks, std::int64_t width) {
  auto index = at::empty({static_cast<std::int64_t>(blocks.size()) * width}, at::kLong);
  auto* out = index.data_ptr<std::int64_t>();
  for (const auto block : blocks)
    for (std::int64_t i = 0; i < width; ++i)
      *out++ = block * width + i;
  return index;
}

/// Where each row (of q, k, v, gate, up) and column (of o, down) of one layer comes from.
struct LayerIndex {
  at::Tensor queries, keys, neurons;

  LayerIndex(const ModelConfig& config, const ImportanceOrder::Layer& order)
      : queries{rows_of(order.kv_heads, config.group() * config.head_dim)},
        keys{rows_of(order.kv_heads, config.head_dim)},
        neurons{rows_of(order.neurons, 1)} {
    expect_permutation(order.kv_heads);
    expect_permutation(order.neurons);
  }

  [[nodiscard]] const at::Tensor& of(Projection p) const {
    switch (p) {
      case Projection::q:
      case Projection::o:
        return queries;
      case Projection::k:
      case Projection::v:
        return keys;
      case Projection::gate:
      case Projection::up:
      case Projection::down:
        break;
    }
    return neurons;
  }
};

/// o and down read what the other projections of their half of the block produce: their columns are pruned.
bool prunes_columns(Projection p) {
  return p == Projection::o || p == Projection::down;
}

Model permuted(const Model& model, const ImportanceOrder& order) {
  EDGEFUSE_EXPECTS(order.layers.size() == model.layers.size(), "an importance order has the model's layers");
  Model result = model;
  for (std::size_t l = 0; l < order.layers.size(); ++l) {
    const LayerIndex index{model.config, order.layers[l]};
    for (const auto p : all_projections) {
      auto& linear = result.layers[l].projection(p);
      const auto dim = prunes_columns(p) ? 1 : 0;
      EDGEFUSE_EXPECTS(index.of(p).numel() == linear.weight.size(dim), "an order names every group and neuron");
      linear.weight = linear.weight.index_select(dim, index.of(p));
      linear.held = {};
      if (linear.bias.defined() && !prunes_columns(p)) linear.bias = linear.bias.index_select(0, index.of(p));
    }
  }
  return result;
}

ImportanceOrder inverse(const ImportanceOrder& order) {
  ImportanceOrder back;
  for (const auto& layer : order.layers)
    back.layers.push_back({.kv_heads = inverse(layer.kv_heads), .neurons = inverse(layer.neurons)});
  return back;
}

/// Where a module's rows (of q, k, v, gate, up) or columns (of o, down) come from.
struct ModuleOrder {
  std::int64_t dim;
  at::Tensor index;

  ModuleOrder(const ModelConfig& config, const ImportanceOrder& order, ModuleId id)
      : dim{prunes_columns(id.projection) ? 1 : 0} {
    EDGEFUSE_EXPECTS(static_cast<std::size_t>(id.layer) < order.layers.size(), "the change's layers are the model's");
    index = LayerIndex{config, order.layers[static_cast<std::size_t>(id.layer)]}.of(id.projection);
  }

  void permute(at::Tensor& matrix) const { matrix = matrix.index_select(dim, index); }
  void permute(at::Tensor& a, at::Tensor& b) const { permute(dim == 1 ? a : b); }
};

void refuse_shape(bool wrong, const char* key, std::string problem, const char* remedy) {
  if (wrong) throw InputError{Mistake{.key = key, .problem = std::move(problem), .remedy = remedy}};
}

std::int64_t kept(std::int64_t n, double ratio) {
  return std::max<std::int64_t>(1, std::llround(static_cast<double>(n) * (1 - ratio)));
}

}  // namespace

VariantShape full_shape(const ModelConfig& config) {
  const LayerShape whole{.kv_heads = config.kv_heads, .neurons = config.intermediate};
  return {.ratio = 0, .layers = std::vector<LayerShape>(static_cast<std::size_t>(config.layers), whole)};
}

MatrixShape projection_shape(const ModelConfig& config, const LayerShape& layer, Projection p) {
  const auto keys = layer.kv_heads * config.head_dim;
  const auto queries = keys * config.group();
  switch (p) {
    case Projection::q:
      return {queries, config.hidden};
    case Projection::k:
    case Projection::v:
      return {keys, config.hidden};
    case Projection::o:
      return {config.hidden, queries};
    case Projection::gate:
    case Projection::up:
      return {layer.neurons, config.hidden};
    case Projection::down:
      break;
  }
  return {config.hidden, layer.neurons};
}

Model sort_by_importance(const Model& base, const ImportanceOrder& order) {
  return permuted(base, order);
}

Model unsort(const Model& sorted, const ImportanceOrder& order) {
  return permuted(sorted, inverse(order));
}

Adapter unsort(const Adapter& adapter, const ModelConfig& config, const ImportanceOrder& order) {
  Adapter result = adapter;
  const auto back = inverse(order);
  for (auto& [id, factors] : result.modules)
    ModuleOrder{config, back, id}.permute(factors.a, factors.b);
  return result;
}

ModelDelta sort(const ModelDelta& change, const ModelConfig& config, const ImportanceOrder& order) {
  ModelDelta result = change;
  for (auto& [id, delta] : result) {
    const ModuleOrder module{config, order, id};
    if (auto* low = std::get_if<LowRank>(&delta))
      module.permute(low->a, low->b);
    else
      module.permute(std::get<Dense>(delta).matrix);
  }
  return result;
}

ModelDelta unsort(const ModelDelta& sorted, const ModelConfig& config, const ImportanceOrder& order) {
  return sort(sorted, config, inverse(order));
}

VariantShape variant_shape(const ModelConfig& config, double ratio, std::int64_t protect_first,
                           std::int64_t protect_last) {
  refuse_shape(!(ratio >= 0 && ratio < 1), "ratio", std::to_string(ratio) + " is not a pruning ratio",
               "0 keeps everything; stay below 1");
  refuse_shape(protect_first < 0 || protect_last < 0, "protect", "a negative number of protected layers",
               "0 protects none");
  refuse_shape(ratio > 0 && protect_first >= config.layers - std::min(protect_last, config.layers), "protect",
               "all " + std::to_string(config.layers) + " layers are protected, so nothing can be pruned",
               "protect fewer layers or use ratio 0");
  auto shape = full_shape(config);
  shape.ratio = ratio;
  for (std::int64_t l = protect_first; l < config.layers - protect_last; ++l)
    shape.layers[static_cast<std::size_t>(l)] = {.kv_heads = kept(config.kv_heads, ratio),
                                                 .neurons = kept(config.intermediate, ratio)};
  return shape;
}

Model slice(const Model& sorted, const VariantShape& shape) {
  EDGEFUSE_EXPECTS(shape.layers.size() == sorted.layers.size(), "a variant has the base's layers");
  Model result = sorted;
  for (std::size_t l = 0; l < shape.layers.size(); ++l) {
    for (const auto p : all_projections) {
      auto& linear = result.layers[l].projection(p);
      const auto [out, in] = projection_shape(sorted.config, shape.layers[l], p);
      EDGEFUSE_EXPECTS(out <= linear.out() && in <= linear.in(), "a variant is no larger than its base");
      linear.weight = linear.weight.narrow(0, 0, out).narrow(1, 0, in);
      linear.held = leading(linear.held, out, in);
      if (linear.bias.defined()) linear.bias = linear.bias.narrow(0, 0, out);
    }
  }
  return result;
}

}  // namespace edgefuse::llm
