#pragma once

#include <map>

#include <ATen/core/Tensor.h>

#include "llm/module_id.hpp"

namespace edgefuse::llm {

/// The matrix in the middle of ΔW = s·B·R·basis, of which training moves R alone (LoRA-XS, 2405.17604; LoRA-SB,
/// 2411.19557). R·basis is then the factor A of an adapter.
struct Core {
  at::Tensor r;      // [rank, rank]
  at::Tensor basis;  // [rank, in]
};
using Cores = std::map<ModuleId, Core>;

/// R of every module, float32.
using CoreMatrices = std::map<ModuleId, at::Tensor>;

}  // namespace edgefuse::llm
