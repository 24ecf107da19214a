#include "llm/pruning/wanda_sp.hpp"

#include <cstddef>
#include <memory>

#include "llm/pruning/coupled.hpp"
#include "llm/pruning/input_moments.hpp"

namespace edgefuse::llm {
namespace {

class WandaSpPruner final : public Pruner {
 public:
  [[nodiscard]] bool needs_calibration() const override { return true; }

  [[nodiscard]] Importance rank(const Model& base, const Calibration& calibration) const override {
    const auto moments = input_moments(base, calibration);
    const auto width = base.config.head_dim * base.config.group();
    Importance importance;
    for (std::size_t l = 0; l < base.layers.size(); ++l)
      importance.layers.push_back({.kv_heads = block_sums(weighted_norms(base.layers[l].o.weight, moments[l].o), width),
                                   .neurons = weighted_norms(base.layers[l].down.weight, moments[l].down)});
    return importance;
  }
};

}  // namespace

Method<Pruner> wanda_sp_pruner() {
  return {
      .name = "wanda-sp",
      .summary = "weights times the norm of what they multiply, summed over each group's and neuron's output columns",
      .parameters = {},
      .make = [](const Parameters&) -> std::unique_ptr<Pruner> { return std::make_unique<WandaSpPruner>(); }};
}

}  // namespace edgefuse::llm
