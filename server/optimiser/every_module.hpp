#pragma once

#include <functional>
#include <vector>

#include "server/optimiser/server_optimiser.hpp"

namespace edgefuse::server {

/// One module's step and its new moments.
struct ModuleStep {
  at::Tensor change;
  std::vector<at::Tensor> moments;
};
/// `delta` and the moments before it are dense float32 matrices of one shape.
using ModuleRule = std::function<ModuleStep(const at::Tensor& delta, const std::vector<at::Tensor>& before)>;

/// `rule` for every module that `change` or `state` has; new moments start at `first`, a change that is lacking is 0.
[[nodiscard]] ServerStep every_module(const OptimiserState& state, const llm::ModelDelta& change, std::size_t moments,
                                      const ModuleRule& rule, double first_second_moment = 0);

}  // namespace edgefuse::server
