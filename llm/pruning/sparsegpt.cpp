#include "llm/pruning/sparsegpt.hpp"

#include <ATen/ATen.h>

#include <memory>
#include <utility>

#include "llm/pruning/obs_sweep.hpp"
#include "llm/pruning/weight_pruner.hpp"

namespace edgefuse::llm {
namespace {

class SparseGptPruner final : public WeightPruner {
 public:
  SparseGptPruner(SparsityPattern pattern, double damping, std::int64_t block)
      : WeightPruner{pattern}, damping_{damping}, block_{block} {}

  [[nodiscard]] bool needs_calibration() const override { return true; }

 private:
  [[nodiscard]] PruneWeight prune_layer(std::size_t /*layer*/, const Sparsity& sparsity,
                                        const ShowInputs& show) const override {
    auto grams = sums<InputGram>(show);
    ByInput<InverseCurvature> curvatures;
    for (const auto p : first_readers) {
      curvatures.of(p) = inverse_curvature(grams.of(p), damping_);
      grams.of(p) = {};
    }
    return [sparsity, curvatures = std::move(curvatures), block = block_](Projection p, const at::Tensor& weight,
                                                                          const at::Tensor& zeros) {
      return obs_sweep(weight, curvatures.of(p), sparsity, zeros, block);
    };
  }

  double damping_;
  std::int64_t block_;
};

}  // namespace

Method<Pruner> sparsegpt_pruner() {
  return {.name = "sparsegpt",
          .summary = "zeros where they cost least, and what stays takes over what they did (SparseGPT, 2301.00774)",
          .parameters = {pattern_parameter(),
                         {.name = "damping",
                          .standard = 0.01,
                          .meaning = "share of the curvature's mean diagonal that is added to it",
                          .least = 1e-6,
                          .most = 1},
                         {.name = "block",
                          .standard = 128.0,
                          .meaning = "columns among which is chosen at a time; no matter for 2:4 and 4:8",
                          .least = 1,
                          .most = 65536,
                          .whole = true}},
          .make = [](const Parameters& p) -> std::unique_ptr<Pruner> {
            return std::make_unique<SparseGptPruner>(pattern_named(word(p, "pattern")), number(p, "damping"),
                                                     static_cast<std::int64_t>(number(p, "block")));
          }};
}

}  // namespace edgefuse::llm
