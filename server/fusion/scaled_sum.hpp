#pragma once

#include <span>

#include "llm/delta.hpp"

namespace edgefuse::server {

/// A change and what it is multiplied by.
struct Scaled {
  const llm::ModelDelta* change;
  double factor;
};

/// Σ factor · change, module by module; what is not in any of them does not change. With the changes that the base has
/// gone through since an update began, this mixes the base with that update's model (FedAsync, 1903.03934):
/// (1 - a) w + a (w_start + change) = w + a change - a (w - w_start).
[[nodiscard]] llm::ModelDelta sum(std::span<const Scaled> terms);

}  // namespace edgefuse::server
