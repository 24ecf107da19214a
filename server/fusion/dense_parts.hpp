#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "llm/variant.hpp"
#include "server/fusion/contribution.hpp"

namespace edgefuse::server {

/// Each part's ΔW as a contiguous float32 tensor that nobody else holds, so that a rule may write into it.
[[nodiscard]] std::vector<at::Tensor> own_dense(const ModuleParts& parts);

/// ΔW in float64, contiguous; its own memory unless it was dense float64 already.
[[nodiscard]] at::Tensor dense_double(const llm::ModuleDelta& delta);

/// The factors of a part that is low rank; that it is, is an invariant (FusionRule::needs_low_rank).
[[nodiscard]] const llm::LowRank& factors_of(const ModulePart& part);

/// In float32, as factors while they hold fewer numbers than their product, else the product.
[[nodiscard]] llm::ModuleDelta smaller_form(const llm::LowRank& low);

/// The parts with other matrices, in float32, as their changes; coverage, which is of the module's rows and columns, is
/// gone.
[[nodiscard]] ModuleParts with_matrices(ModuleParts parts, const std::vector<at::Tensor>& matrices);

/// Rows and columns of the weight that is changed.
[[nodiscard]] llm::MatrixShape shape_of(const llm::ModuleDelta& delta);

/// The numbers of a dense, contiguous float32 tensor.
[[nodiscard]] std::span<float> numbers(at::Tensor& tensor);
[[nodiscard]] std::span<const float> numbers(const at::Tensor& tensor);

}  // namespace edgefuse::server
