#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "llm/delta.hpp"

namespace edgefuse::server {

/// One client's recovered change of the base with its weight in fusion (its example count, say; not normalised).
struct Contribution {
  std::uint32_t client = 0;
  double weight = 1;
  llm::ModelDelta delta;
};

/// What one contribution changes in one module. `index` is its place among all contributions, sorted by client.
struct ModulePart {
  std::size_t index = 0;
  double weight = 1;
  llm::ModuleDelta delta;
};
/// All parts of one module, by rising index; contributions that lack the module are not there.
using ModuleParts = std::vector<ModulePart>;

}  // namespace edgefuse::server
