#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "app/run/base_version.hpp"
#include "llm/delta.hpp"
#include "llm/factor_gradient.hpp"

namespace edgefuse::app {

/// The base as it was before some round, and what else its clients began with.
struct Version {
  BaseVersion model;
  std::int64_t users = 0;
  llm::ModelDelta change{};                  // that made the next version; kept only where updates are mixed
  std::optional<llm::ModelDelta> carried{};  // low rank, of the base: where adapters start
  llm::FactorGradient variate{};             // SCAFFOLD's c, where there is one
};
/// By number, from the oldest in use to the latest.
using Versions = std::map<std::int64_t, Version>;

}  // namespace edgefuse::app
