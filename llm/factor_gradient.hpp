#pragma once

#include <map>

#include "llm/adapter.hpp"
#include "llm/module_id.hpp"

namespace edgefuse::llm {

/// A gradient with respect to an adapter's factors, in their shapes: that of A [rank, in], that of B [out, rank].
using FactorGradient = std::map<ModuleId, LoraFactors>;

}  // namespace edgefuse::llm
