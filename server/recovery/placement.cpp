#include "server/recovery/placement.hpp"

#include <ATen/ATen.h>

#include <cstddef>

#include "llm/tensor_names.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {

Placement placement(const llm::ModelConfig& config, const llm::VariantShape& shape, llm::ModuleId module) {
  const auto layer = static_cast<std::size_t>(module.layer);
  EDGEFUSE_EXPECTS(layer < shape.layers.size(), "the adapter's layers are the variant's");
  return {.variant = projection_shape(config, shape.layers[layer], module.projection),
          .base = base_shape(config, module.projection)};
}

void expect_shape(const llm::LoraFactors& factors, const llm::MatrixShape& shape) {
  EDGEFUSE_EXPECTS(factors.a.size(1) == shape.in && factors.b.size(0) == shape.out,
                   "an adapter has the shapes it is said to have");
}

at::Tensor host_weight(const llm::Model& model, llm::ModuleId module) {
  const auto layer = static_cast<std::size_t>(module.layer);
  EDGEFUSE_EXPECTS(layer < model.layers.size(), "the adapter's layers are the model's");
  return model.layers[layer].projection(module.projection).weight.to(at::kCPU);
}

at::Tensor padded(const at::Tensor& tensor, std::int64_t dim, std::int64_t size) {
  if (tensor.size(dim) == size) return tensor;
  auto sizes = tensor.sizes().vec();
  sizes[static_cast<std::size_t>(dim)] = size - tensor.size(dim);
  return at::cat({tensor, at::zeros(sizes, tensor.options())}, dim);
}

}  // namespace edgefuse::server
