#include "llm/model.hpp"

#include <utility>

#include <ATen/ATen.h>

#include "llm/tensor_names.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {

const Linear& Layer::projection(Projection p) const {
  switch (p) {
    case Projection::q:
      return q;
    case Projection::k:
      return k;
    case Projection::v:
      return v;
    case Projection::o:
      return o;
    case Projection::gate:
      return gate;
    case Projection::up:
      return up;
    case Projection::down:
      return down;
  }
  EDGEFUSE_EXPECTS(false, "not one of the seven projections");
  return q;
}

Linear& Layer::projection(Projection p) {
  return const_cast<Linear&>(std::as_const(*this).projection(p));
}

std::size_t Model::last_layer() const {
  EDGEFUSE_EXPECTS(!layers.empty(), "a model has layers");
  std::size_t last = layers.size() - 1;
  while (last > 0 && layers[last].dropped())
    --last;
  return last;
}

std::int64_t Model::kv_heads(std::size_t layer) const {
  return layers.at(layer).k.out() / config.head_dim;
}

std::int64_t Model::parameters() const {
  std::int64_t count = 0;
  for (const NamedTensor& named : named_tensors(*this))
    count += named.tensor.numel();
  return count;
}

Model hold(const Model& model, Precision precision, Quantisation quantisation) {
  Model result = model;
  if (precision == Precision::bf16) result.held_head = rounded(model.head);
  for (Layer& layer : result.layers) {
    for (const Projection projection : all_projections) {
      Linear& linear = layer.projection(projection);
      if (quantisation != Quantisation::none)
        linear.held = quantised(linear.weight, quantisation);
      else if (precision == Precision::bf16)
        linear.held = rounded(linear.weight);
    }
  }
  return result;
}

}  // namespace edgefuse::llm
