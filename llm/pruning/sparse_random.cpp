#include "llm/pruning/sparse_random.hpp"

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>

#include "llm/pruning/random.hpp"
#include "llm/pruning/weight_pruner.hpp"
#include "sim/random.hpp"

namespace edgefuse::llm {
namespace {

class SparseRandomPruner final : public WeightPruner {
 public:
  SparseRandomPruner(SparsityPattern pattern, std::uint64_t seed) : WeightPruner{pattern}, seed_{seed} {}

 private:
  [[nodiscard]] PruneWeight prune_layer(std::size_t layer, const Sparsity& sparsity,
                                        const ShowInputs& /*show*/) const override {
    return [this, layer, sparsity](Projection p, const at::Tensor& weight, const at::Tensor& zeros) {
      const auto kind = first_kind + static_cast<std::uint32_t>(p);
      sim::Draws draws{{.seed = seed_,
                        .domain = sim::Domain::pruning_scores,
                        .round = kind,
                        .client = static_cast<std::uint32_t>(layer)}};
      const auto scores = at::empty(weight.sizes(), at::kDouble);
      for (std::int64_t i = 0; i < scores.numel(); ++i)
        scores.data_ptr<double>()[i] = draws.uniform();
      return without_lowest(weight, scores, weight.numel(), sparsity, zeros);
    };
  }

  static constexpr std::uint32_t first_kind = 16;  // "random" draws the kinds before
  std::uint64_t seed_;
};

}  // namespace

Method<Pruner> sparse_random_pruner() {
  return {.name = "sparse-random",
          .summary = "zeros in place of weights by lot: the control",
          .parameters = {pattern_parameter(), lot_parameter()},
          .make = [](const Parameters& p) -> std::unique_ptr<Pruner> {
            return std::make_unique<SparseRandomPruner>(pattern_named(word(p, "pattern")),
                                                        static_cast<std::uint64_t>(number(p, "seed")));
          }};
}

}  // namespace edgefuse::llm
