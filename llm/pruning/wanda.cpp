#include "llm/pruning/wanda.hpp"

#include <ATen/ATen.h>

#include <memory>

#include "llm/pruning/input_moments.hpp"
#include "llm/pruning/weight_pruner.hpp"

namespace edgefuse::llm {
namespace {

at::Tensor scores(const at::Tensor& weight, const InputMoments& inputs) {
  const auto norms = at::tensor(at::ArrayRef<double>{inputs.squares()}, at::kDouble).sqrt();
  return weight.to(at::kDouble).abs() * norms;
}

class WandaPruner final : public WeightPruner {
 public:
  using WeightPruner::WeightPruner;

  [[nodiscard]] bool needs_calibration() const override { return true; }

 private:
  [[nodiscard]] PruneWeight prune_layer(std::size_t /*layer*/, const Sparsity& sparsity,
                                        const ShowInputs& show) const override {
    return [sparsity, moments = sums<InputMoments>(show)](Projection p, const at::Tensor& weight,
                                                          const at::Tensor& zeros) {
      return without_lowest(weight, scores(weight, moments.of(p)), weight.size(1), sparsity, zeros);
    };
  }
};

}  // namespace

Method<Pruner> wanda_pruner() {
  return {
      .name = "wanda",
      .summary = "zeros where a weight times the norm of what it multiplies is smallest in its row (Wanda, 2306.11695)",
      .parameters = {pattern_parameter()},
      .make = [](const Parameters& p) -> std::unique_ptr<Pruner> {
        return std::make_unique<WandaPruner>(pattern_named(word(p, "pattern")));
      }};
}

}  // namespace edgefuse::llm
