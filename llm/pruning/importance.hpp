#pragma once

#include <cstdint>
#include <vector>

#include "llm/config.hpp"
#include "llm/variant.hpp"

namespace edgefuse::llm {

/// How much each KV-head group and each MLP neuron of every layer matters, in the model's own numbering; larger matters
/// more. All finite.
struct Importance {
  struct Layer {
    std::vector<double> kv_heads;
    std::vector<double> neurons;
  };
  std::vector<Layer> layers;
  /// How much each layer as a whole matters; empty where only its parts have scores.
  std::vector<double> whole_layers{};
  /// Whether scores of different layers and kinds can be compared as they are, such as predicted changes of the loss.
  bool comparable = false;
};

/// Scores of units that nothing tells apart: all 0.
[[nodiscard]] Importance::Layer alike(const ModelConfig& config);

/// For each layer the sum over its groups and neurons, where their scores are parts of the layer's.
[[nodiscard]] std::vector<double> sums_of_units(const Importance& importance);

/// From the most to the least important; equal scores keep their order.
[[nodiscard]] ImportanceOrder order_of(const Importance& importance);

/// How a ratio is divided among layers.
enum class Budget : std::uint8_t {
  per_layer,  // the same share of every layer's groups and neurons
  global,     // where it costs least, over all layers together
  layers,     // whole layers, the least important ones
};

/// Layers that stay whole.
struct Protection {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// What the variant at `ratio` keeps under a global budget: of the groups and neurons of all layers that are not
/// protected, the least important go first, until at least `ratio` of those layers' projection weights are gone or each
/// layer is left with one group and one neuron. Scores that are not comparable are standardised first, each layer's
/// groups and its neurons by themselves (x - mean) / deviation, as FLAP does (2312.11983, "AL-AM"). A larger ratio
/// never keeps what a smaller one drops. Throws InputError as variant_shape() does.
[[nodiscard]] VariantShape global_shape(const ModelConfig& config, const Importance& importance, double ratio,
                                        const Protection& protection);

/// What the variant at `ratio` keeps when whole layers go: round(n·ratio) of the n layers that are not protected, but
/// not all n; the least important first, among equals the last. What is left stays whole. A larger ratio never keeps
/// what a smaller one drops. Throws InputError as variant_shape() does.
[[nodiscard]] VariantShape depth_shape(const ModelConfig& config, const Importance& importance, double ratio,
                                       const Protection& protection);

}  // namespace edgefuse::llm
