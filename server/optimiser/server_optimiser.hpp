#pragma once

#include <map>
#include <vector>

#include <ATen/core/Tensor.h>

#include "llm/delta.hpp"
#include "sim/registry.hpp"

namespace edgefuse::server {

/// What a server optimiser remembers: up to two moments of each module, float32, of the module's shape. The first step
/// of a module starts from zero (and from τ² where the method's formula says so).
struct OptimiserState {
  std::map<llm::ModuleId, std::vector<at::Tensor>> moments;
};

/// A step of the base, and what is remembered after it.
struct ServerStep {
  llm::ModelDelta change;
  OptimiserState state;
};

/// Plug-in point: takes the fused change Δ of a round for a gradient of the base and makes a step of it (Adaptive
/// Federated Optimization, 2003.00295). A pure function of state and change, so that a step can be judged before it is
/// taken.
class ServerOptimiser {
 public:
  ServerOptimiser() = default;
  ServerOptimiser(const ServerOptimiser&) = delete;
  ServerOptimiser& operator=(const ServerOptimiser&) = delete;
  virtual ~ServerOptimiser() = default;

  /// A module that the state knows and `change` lacks has Δ = 0.
  [[nodiscard]] virtual ServerStep step(const OptimiserState& state, const llm::ModelDelta& change) const = 0;
};

[[nodiscard]] Method<ServerOptimiser> no_optimiser();
[[nodiscard]] Method<ServerOptimiser> fedavgm();
[[nodiscard]] Method<ServerOptimiser> fedadam();
[[nodiscard]] Method<ServerOptimiser> fedyogi();
[[nodiscard]] Method<ServerOptimiser> fedadagrad();

/// All server optimisers by name.
[[nodiscard]] Registry<ServerOptimiser> server_optimisers();

}  // namespace edgefuse::server
