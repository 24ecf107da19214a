#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "llm/model.hpp"
#include "llm/pruning/calibration.hpp"
#include "llm/pruning/importance.hpp"
#include "llm/variant.hpp"
#include "sim/registry.hpp"

namespace edgefuse::llm {

/// Plug-in point: how a base is pruned. A structured pruner only ranks whole KV-head groups and neurons, and sorting
/// and slicing do the rest (DESIGN §3). A pruner of single weights leaves every shape as it is and overrides shape()
/// and cut(). Nothing depends on the number of threads.
class Pruner {
 public:
  Pruner() = default;
  Pruner(const Pruner&) = delete;
  Pruner& operator=(const Pruner&) = delete;
  virtual ~Pruner() = default;

  /// Whether rank() and cut() look at calibration texts; others ignore them.
  [[nodiscard]] virtual bool needs_calibration() const { return false; }
  /// How this pruner's authors divide a ratio among layers.
  [[nodiscard]] virtual Budget own_budget() const { return Budget::per_layer; }
  /// Whether rank() tells how much whole layers matter.
  [[nodiscard]] virtual bool ranks_layers() const { return false; }
  /// Whether whole groups and neurons go; else single weights do, and a budget is always per layer.
  [[nodiscard]] virtual bool structured() const { return true; }
  /// Whether cut() returns nothing but prefix slices.
  [[nodiscard]] virtual bool slices() const { return true; }

  /// What in the base matters. `calibration` is empty only when it is not needed.
  [[nodiscard]] virtual Importance rank(const Model& base, const Calibration& calibration) const = 0;

  /// What a variant at `ratio` keeps under a per-layer budget; known before any weight is. Throws InputError as
  /// variant_shape() does.
  [[nodiscard]] virtual VariantShape shape(const ModelConfig& config, double ratio, const Protection& protection) const;

  /// The shape with what a cut adds to it beside what it keeps.
  [[nodiscard]] virtual VariantShape completed(VariantShape shape, const ModelConfig& /*config*/) const {
    return shape;
  }

  /// The variants themselves, one for each shape; `shapes` are by rising ratio. `sorted` is the base in the order that
  /// rank() makes.
  [[nodiscard]] virtual std::vector<Model> cut(const Model& sorted, std::span<const VariantShape> shapes,
                                               const Calibration& calibration) const;
};

/// All pruners by name.
[[nodiscard]] Registry<Pruner> pruners();

}  // namespace edgefuse::llm
