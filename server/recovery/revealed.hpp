#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "llm/variant.hpp"
#include "server/fusion/coverage.hpp"

namespace edgefuse::server {

// What a client reveals about a module of its variant, in the base's shapes: zero where the variant had nothing.

/// [in', in'] → [in, in], in' the columns that `coverage` keeps of `shape`.
[[nodiscard]] at::Tensor recover_gram(const at::Tensor& gram, const ModuleCoverage& coverage,
                                      const llm::MatrixShape& shape);
/// [out', in'] → [out, in].
[[nodiscard]] at::Tensor recover_fisher(const at::Tensor& fisher, const ModuleCoverage& coverage,
                                        const llm::MatrixShape& shape);

}  // namespace edgefuse::server
