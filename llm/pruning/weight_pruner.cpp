#include "llm/pruning/weight_pruner.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>

#include "llm/pruning/lowest.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

/// Where the variant at the next smaller ratio, if there is one, is zero.
at::Tensor given_zeros(const Linear& whole, const Linear* smaller) {
  if (smaller == nullptr) return at::zeros_like(whole.weight, at::kBool, at::MemoryFormat::Contiguous);
  return smaller->weight.eq(0).contiguous();
}

}  // namespace

Importance WeightPruner::rank(const Model& base, const Calibration& /*calibration*/) const {
  Importance importance;
  for (std::int64_t l = 0; l < base.config.layers; ++l)
    importance.layers.push_back(alike(base.config));
  return importance;
}

VariantShape WeightPruner::shape(const ModelConfig& config, double ratio, const Protection& protection) const {
  auto shape = variant_shape(config, ratio, protection.first, protection.last);  // refuses what cannot be
  check_fits(pattern_, config, ratio);
  shape.layers = full_shape(config).layers;
  if (ratio == 0) return shape;
  for (auto l = protection.first; l < config.layers - protection.last; ++l) {
    auto& layer = shape.layers[static_cast<std::size_t>(l)];
    layer.density = 1 - ratio;
    layer.index_bits = pattern_.index_bits();
  }
  return shape;
}

std::vector<Model> WeightPruner::cut(const Model& sorted, std::span<const VariantShape> shapes,
                                     const Calibration& calibration) const {
  EDGEFUSE_EXPECTS(std::ranges::is_sorted(shapes, {}, &VariantShape::ratio), "shapes are by rising ratio");
  const at::NoGradGuard frozen;
  std::vector<Model> variants;
  variants.reserve(shapes.size());
  const Model* smaller = nullptr;
  for (const auto& shape : shapes) {
    variants.push_back(cut_one(sorted, shape, calibration, smaller));
    if (shape.ratio > 0) smaller = &variants.back();
  }
  return variants;
}

Model WeightPruner::cut_one(const Model& sorted, const VariantShape& shape, const Calibration& calibration,
                            const Model* smaller) const {
  Model variant = sorted;
  if (shape.ratio == 0) return variant;
  EDGEFUSE_EXPECTS(!calibration.empty() || !needs_calibration(), "a calibrated pruner sees text");
  const Sparsity sparsity{.pattern = pattern_, .ratio = shape.ratio};
  ActivationStream stream{sorted, needs_calibration() ? calibration : Calibration{}};
  for (std::size_t l = 0; l < variant.layers.size(); ++l) {
    auto& layer = variant.layers[l];
    if (shape.layers[l].density < 1) {
      const auto prune =
          prune_layer(l, sparsity, [&](const ActivationStream::Watch& see) { stream.watch(layer, see); });
      for (const auto p : all_projections) {
        auto& linear = layer.projection(p);
        const auto zeros = given_zeros(linear, smaller == nullptr ? nullptr : &smaller->layers[l].projection(p));
        linear.weight = prune(p, linear.weight, zeros);
        linear.held = {};
      }
    }
    stream.advance(layer);
  }
  return variant;
}

at::Tensor without_lowest(const at::Tensor& weight, const at::Tensor& scores, std::int64_t run,
                          const Sparsity& sparsity, const at::Tensor& zeros) {
  const auto compared = sparsity.pattern.anywhere() ? run : sparsity.pattern.m;
  auto gone = zeros.clone();
  mark_lowest_of_each(scores.contiguous(), compared, sparsity.zeros_of(compared), gone);
  return weight.masked_fill(gone, 0);
}

}  // namespace edgefuse::llm
