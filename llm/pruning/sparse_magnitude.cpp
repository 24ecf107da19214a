#include "llm/pruning/sparse_magnitude.hpp"

#include <ATen/ATen.h>

#include <memory>

#include "llm/pruning/weight_pruner.hpp"

namespace edgefuse::llm {
namespace {

class SparseMagnitudePruner final : public WeightPruner {
 public:
  using WeightPruner::WeightPruner;

 private:
  [[nodiscard]] PruneWeight prune_layer(std::size_t /*layer*/, const Sparsity& sparsity,
                                        const ShowInputs& /*show*/) const override {
    return [sparsity](Projection /*p*/, const at::Tensor& weight, const at::Tensor& zeros) {
      return without_lowest(weight, weight.to(at::kDouble).abs(), weight.numel(), sparsity, zeros);
    };
  }
};

}  // namespace

Method<Pruner> sparse_magnitude_pruner() {
  return {.name = "sparse-magnitude",
          .summary = "zeros in place of each projection's smallest weights",
          .parameters = {pattern_parameter()},
          .make = [](const Parameters& p) -> std::unique_ptr<Pruner> {
            return std::make_unique<SparseMagnitudePruner>(pattern_named(word(p, "pattern")));
          }};
}

}  // namespace edgefuse::llm
