#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

VariantShape Pruner::shape(const ModelConfig& config, double ratio, const Protection& protection) const {
  return completed(variant_shape(config, ratio, protection.first, protection.last), config);
}

std::vector<Model> Pruner::cut(const Model& sorted, std::span<const VariantShape> shapes,
                               const Calibration& /*calibration*/) const {
  std::vector<Model> variants;
  for (const auto& shape : shapes)
    variants.push_back(slice(sorted, shape));
  return variants;
}

}  // namespace edgefuse::llm
