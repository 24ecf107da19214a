#include "llm/pruning/magnitude.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <memory>

namespace edgefuse::llm {
namespace {

/// Adds to `scores[i]` the squares of rows [i·width, (i+1)·width) of `weight`. A plain loop in double: ATen's sums may
/// depend on the number of threads.
void add_rows(std::vector<double>& scores, const at::Tensor& weight, std::int64_t width) {
  const auto values = weight.to(at::kFloat).contiguous();
  const auto block = width * values.size(1);
  const auto* x = values.data_ptr<float>();
  for (auto& score : scores)
    for (std::int64_t i = 0; i < block; ++i, ++x)
      score += static_cast<double>(*x) * static_cast<double>(*x);
}

/// The same for blocks of columns.
void add_columns(std::vector<double>& scores, const at::Tensor& weight, std::int64_t width) {
  const auto values = weight.to(at::kFloat).contiguous();
  const auto* x = values.data_ptr<float>();
  for (std::int64_t row = 0; row < values.size(0); ++row)
    for (auto& score : scores)
      for (std::int64_t i = 0; i < width; ++i, ++x)
        score += static_cast<double>(*x) * static_cast<double>(*x);
}

class MagnitudePruner final : public Pruner {
 public:
  [[nodiscard]] ImportanceOrder rank(const Model& model) const override {
    ImportanceOrder order;
    for (const auto& layer : model.layers)
      order.layers.push_back(rank_layer(model.config, layer));
    return order;
  }

 private:
  /// The square root is left out: it changes no order.
  static ImportanceOrder::Layer rank_layer(const ModelConfig& config, const Layer& layer) {
    std::vector<double> groups(static_cast<std::size_t>(config.kv_heads), 0.0);
    add_rows(groups, layer.k.weight, config.head_dim);
    add_rows(groups, layer.v.weight, config.head_dim);
    add_rows(groups, layer.q.weight, config.head_dim * config.group());
    add_columns(groups, layer.o.weight, config.head_dim * config.group());

    std::vector<double> neurons(static_cast<std::size_t>(config.intermediate), 0.0);
    add_rows(neurons, layer.gate.weight, 1);
    add_rows(neurons, layer.up.weight, 1);
    add_columns(neurons, layer.down.weight, 1);
    return {.kv_heads = order_by_score(groups), .neurons = order_by_score(neurons)};
  }
};

}  // namespace

Method<Pruner> magnitude_pruner() {
  return {.name = "magnitude",
          .summary = "L2 norm of each KV-head group's and each neuron's coupled weights (LLM-Pruner's l2 score)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Pruner> { return std::make_unique<MagnitudePruner>(); }};
}

}  // namespace edgefuse::llm
