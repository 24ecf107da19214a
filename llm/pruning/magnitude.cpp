#include "llm/pruning/magnitude.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <memory>

#include "llm/pruning/coupled.hpp"

namespace edgefuse::llm {
namespace {

class MagnitudePruner final : public Pruner {
 public:
  [[nodiscard]] bool ranks_layers() const override { return true; }

  [[nodiscard]] Importance rank(const Model& base, const Calibration& /*calibration*/) const override {
    Importance importance;
    for (const auto& layer : base.layers)
      importance.layers.push_back(
          coupled_sums(base.config, [&](Projection p) { return layer.projection(p).weight.to(at::kDouble).square(); }));
    importance.whole_layers = sums_of_units(importance);  // squares still: no order of layers depends on their roots
    for (auto& layer : importance.layers)
      for (auto* scores : {&layer.kv_heads, &layer.neurons})
        for (auto& score : *scores)
          score = std::sqrt(score);  // scores of several layers are standardised, which squares would distort
    return importance;
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
