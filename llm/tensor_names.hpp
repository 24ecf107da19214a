#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "llm/model.hpp"
#include "llm/variant.hpp"

namespace edgefuse::llm {

/// One projection's matrix in the unpruned model of this config.
[[nodiscard]] MatrixShape base_shape(const ModelConfig& config, Projection p);
/// Whether the architecture gives this projection a bias.
[[nodiscard]] bool has_bias(const ModelConfig& config, Projection p);

/// A tensor of a Hugging Face checkpoint: its name there and the shape `config` demands.
struct TensorSlot {
  std::string name;
  std::vector<std::int64_t> shape;
  at::Tensor* place = nullptr;  // where in the model it belongs
};

/// Every tensor that a model of this config consists of; a tied head is not among them. Gives `model.layers` its
/// length; the slots point into `model`, which must outlive them unmoved.
[[nodiscard]] std::vector<TensorSlot> tensor_slots(Model& model);

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};
/// The tensors a model holds under their names in a checkpoint, in its order; a tied head is not among them.
[[nodiscard]] std::vector<NamedTensor> named_tensors(const Model& model);

}  // namespace edgefuse::llm
