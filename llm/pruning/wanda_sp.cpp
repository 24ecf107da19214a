#include "llm/pruning/wanda_sp.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <cstddef>
#include <memory>

#include "llm/pruning/coupled.hpp"
#include "llm/pruning/input_moments.hpp"

namespace edgefuse::llm {
namespace {

std::vector<double> column_scores(const at::Tensor& weight, const InputMoments& inputs) {
  auto scores = column_sums(weight.abs());
  for (std::size_t j = 0; j < scores.size(); ++j)
    scores[j] *= std::sqrt(inputs.squares()[j]) / static_cast<double>(weight.size(0));
  return scores;
}

class WandaSpPruner final : public Pruner {
 public:
  [[nodiscard]] bool needs_calibration() const override { return true; }

  [[nodiscard]] Importance rank(const Model& base, const Calibration& calibration) const override {
    const auto moments = input_moments(base, calibration);
    const auto width = base.config.head_dim * base.config.group();
    Importance importance;
    for (std::size_t l = 0; l < base.layers.size(); ++l)
      importance.layers.push_back({.kv_heads = block_sums(column_scores(base.layers[l].o.weight, moments[l].o), width),
                                   .neurons = column_scores(base.layers[l].down.weight, moments[l].down)});
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
