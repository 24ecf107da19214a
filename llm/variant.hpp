#pragma once

#include <cstdint>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/delta.hpp"
#include "llm/model.hpp"

namespace edgefuse::llm {

/// How much of each layer a variant keeps: always the first `kv_heads` KV-head groups and the first `neurons` MLP
/// neurons of the sorted base; of what is left of the projections' weights the share `density`, the others being zero.
/// A dropped layer keeps none of either, and what enters it leaves it; it has no adapter.
struct LayerShape {
  std::int64_t kv_heads = 0;
  std::int64_t neurons = 0;
  double density = 1;     // 0 < density <= 1
  double index_bits = 0;  // per weight, to say where the zeros are: 1 for any pattern, N/M·⌈log2 M⌉ for N:M
  bool o_bias = false;    // whether o has a bias that it may lack in the base (FLAP's mean of what went), and down
  bool down_bias = false;

  [[nodiscard]] bool dropped() const { return kv_heads == 0 && neurons == 0; }
  friend bool operator==(const LayerShape&, const LayerShape&) = default;
};

struct VariantShape {
  double ratio = 0;  // asked for, 0 <= ratio < 1
  std::vector<LayerShape> layers;

  friend bool operator==(const VariantShape&, const VariantShape&) = default;
};

/// Rows and columns of a weight matrix.
struct MatrixShape {
  std::int64_t out = 0;
  std::int64_t in = 0;

  friend bool operator==(const MatrixShape&, const MatrixShape&) = default;
};

/// The base itself as a shape.
[[nodiscard]] VariantShape full_shape(const ModelConfig& config);
/// One projection's matrix in a layer that keeps `layer`: the leading part of the sorted base's.
[[nodiscard]] MatrixShape projection_shape(const ModelConfig& config, const LayerShape& layer, Projection p);

/// For each layer, the base's KV-head groups and MLP neurons from the most to the least important.
struct ImportanceOrder {
  struct Layer {
    std::vector<std::int64_t> kv_heads;
    std::vector<std::int64_t> neurons;
  };
  std::vector<Layer> layers;
};

/// The base with every layer's groups and neurons permuted into `order`: the same function (DESIGN law 2).
/// Only q, k, v, gate, up (rows, biases) and o, down (columns) are new tensors.
[[nodiscard]] Model sort_by_importance(const Model& base, const ImportanceOrder& order);
/// The inverse permutation, for export.
[[nodiscard]] Model unsort(const Model& sorted, const ImportanceOrder& order);
/// The same for an adapter in the base's shapes (a recovered one), and for a change of the base, there and back.
[[nodiscard]] Adapter unsort(const Adapter& adapter, const ModelConfig& config, const ImportanceOrder& order);
[[nodiscard]] ModelDelta unsort(const ModelDelta& sorted, const ModelConfig& config, const ImportanceOrder& order);
[[nodiscard]] ModelDelta sort(const ModelDelta& change, const ModelConfig& config, const ImportanceOrder& order);

/// What ratio `ratio` keeps: in every layer not protected, round(n * (1 - ratio)) but at least one of its KV-head
/// groups and of its neurons. The first `protect_first` and last `protect_last` layers stay whole.
/// So a larger ratio never keeps anything that a smaller one drops. Throws InputError for a ratio outside [0, 1),
/// a negative protection, or when every layer is protected and ratio > 0.
[[nodiscard]] VariantShape variant_shape(const ModelConfig& config, double ratio, std::int64_t protect_first,
                                         std::int64_t protect_last);

/// The variant itself: prefix slices of `sorted`, no copy.
[[nodiscard]] Model slice(const Model& sorted, const VariantShape& shape);

}  // namespace edgefuse::llm
