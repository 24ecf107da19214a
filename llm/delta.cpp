#include "llm/delta.hpp"

#include <ATen/ATen.h>

#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

/// The product in `dtype`, so that a float64 model gets a float64 change.
at::Tensor dense_as(const ModuleDelta& delta, at::ScalarType dtype) {
  if (const auto* matrix = std::get_if<Dense>(&delta)) return matrix->matrix.to(dtype);
  const auto& factors = std::get<LowRank>(delta);
  return at::matmul(factors.b.to(dtype), factors.a.to(dtype));
}

}  // namespace

at::Tensor dense(const ModuleDelta& delta) {
  if (const auto* matrix = std::get_if<Dense>(&delta)) return matrix->matrix;
  return dense_as(delta, std::get<LowRank>(delta).b.scalar_type());
}

ModelDelta to_delta(const Adapter& adapter) {
  ModelDelta delta;
  for (const auto& [id, factors] : adapter.modules)
    delta[id] = LowRank{factors.a, factors.b * adapter.spec.scale()};
  return delta;
}

Model apply(const Model& model, const ModelDelta& delta) {
  Model changed = model;
  for (const auto& [id, change] : delta) {
    EDGEFUSE_EXPECTS(static_cast<std::size_t>(id.layer) < changed.layers.size(), "a delta of this model's layers");
    Linear& linear = changed.layers[static_cast<std::size_t>(id.layer)].projection(id.projection);
    const at::Tensor matrix = dense_as(change, linear.weight.scalar_type());
    EDGEFUSE_EXPECTS(matrix.sizes() == linear.weight.sizes(), "a delta has the shape of the weight it changes");
    linear.weight = linear.weight + matrix;
    linear.held = {};
  }
  return changed;
}

}  // namespace edgefuse::llm
