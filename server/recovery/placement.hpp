#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "llm/adapter.hpp"
#include "llm/config.hpp"
#include "llm/model.hpp"
#include "llm/module_id.hpp"
#include "llm/variant.hpp"

namespace edgefuse::server {

/// One module of a variant and of the sorted base it is a leading part of.
struct Placement {
  llm::MatrixShape variant;
  llm::MatrixShape base;
};

/// That the variant has the module's layer is an invariant.
[[nodiscard]] Placement placement(const llm::ModelConfig& config, const llm::VariantShape& shape, llm::ModuleId module);

/// That factors have the shape they are said to have is an invariant.
void expect_shape(const llm::LoraFactors& factors, const llm::MatrixShape& shape);

/// A module's weight on the host.
[[nodiscard]] at::Tensor host_weight(const llm::Model& model, llm::ModuleId module);

/// `tensor` with zeros after it along `dim`; itself when nothing is missing.
[[nodiscard]] at::Tensor padded(const at::Tensor& tensor, std::int64_t dim, std::int64_t size);

}  // namespace edgefuse::server
