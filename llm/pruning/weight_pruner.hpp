#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "llm/pruning/pruner.hpp"
#include "llm/pruning/sparsity.hpp"

namespace edgefuse::llm {

/// What pruners of single weights share. All seven projections of every layer that is not protected get zeros, and no
/// shape changes; embedding, head, norms and biases stay as they are. Layers go one after the other: the calibration
/// texts reach a layer through those already pruned, and all projections of a layer are judged by what they multiply
/// while it is still whole, as Wanda and SparseGPT do it.
///
/// Variants are nested, as slices are: they are made by rising ratio, each from the base with the zeros of the one
/// before it given, which count towards its own ratio. A criterion that looks at activations would not do so by
/// itself, since each ratio changes what later layers see.
class WeightPruner : public Pruner {
 public:
  explicit WeightPruner(SparsityPattern pattern) : pattern_{pattern} {}

  [[nodiscard]] bool structured() const final { return false; }
  [[nodiscard]] bool slices() const final { return false; }

  /// All alike: nothing is sorted.
  [[nodiscard]] Importance rank(const Model& base, const Calibration& calibration) const final;
  /// Full sizes, of density 1 - ratio. Throws InputError as variant_shape() and check_fits() do.
  [[nodiscard]] VariantShape shape(const ModelConfig& config, double ratio, const Protection& protection) const final;
  [[nodiscard]] std::vector<Model> cut(const Model& sorted, std::span<const VariantShape> shapes,
                                       const Calibration& calibration) const final;

 protected:
  /// One projection's weight [out, in] with zeros. `zeros` [out, in] bool marks those that have to be there.
  using PruneWeight = std::function<at::Tensor(Projection, const at::Tensor& weight, const at::Tensor& zeros)>;
  /// Shows what a layer's projections multiply for each calibration text in order.
  using ShowInputs = std::function<void(const ActivationStream::Watch&)>;
  /// A `Sum` over all texts of what each projection multiplies.
  template <class Sum>
  [[nodiscard]] static ByInput<Sum> sums(const ShowInputs& show) {
    ByInput<Sum> result;
    show([&](const LayerInputs& inputs) {
      for (const auto p : first_readers)
        result.of(p).add(inputs.of(p));
    });
    return result;
  }

  /// How one layer's weights are pruned, having looked at its inputs or not.
  [[nodiscard]] virtual PruneWeight prune_layer(std::size_t layer, const Sparsity& sparsity,
                                                const ShowInputs& show) const = 0;

 private:
  [[nodiscard]] Model cut_one(const Model& sorted, const VariantShape& shape, const Calibration& calibration,
                              const Model* smaller) const;

  SparsityPattern pattern_;
};

/// `weight` with zeros where it scores lowest: floor(ratio · count) of each group of weights that are compared, which
/// are `run` neighbours in memory, or M where the pattern is N:M. `scores` [out, in] float64; of equal scores the first
/// goes first. Where more is marked in `zeros` than the ratio asks for, all of that goes.
[[nodiscard]] at::Tensor without_lowest(const at::Tensor& weight, const at::Tensor& scores, std::int64_t run,
                                        const Sparsity& sparsity, const at::Tensor& zeros);

}  // namespace edgefuse::llm
