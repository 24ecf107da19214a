#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "llm/delta.hpp"
#include "server/fusion/coverage.hpp"
#include "server/fusion/statistics.hpp"

namespace edgefuse::server {

/// One client's recovered change of the base with its weight in fusion (its example count, say; not normalised), and
/// which rows and columns it could train: all, unless told otherwise.
struct Contribution {
  std::uint32_t client = 0;
  double weight = 1;
  llm::ModelDelta delta;
  Coverage coverage{};
  double scale = 1;  // of LoRA, s = alpha / rank: in B already, for rules that want B without it
  std::map<llm::ModuleId, ModuleStatistics> statistics{};  // what the client reveals beside its update
};

/// What one contribution changes in one module. `index` is its place among all contributions, sorted by client.
struct ModulePart {
  std::size_t index = 0;
  std::uint32_t client = 0;
  double weight = 1;
  llm::ModuleDelta delta;
  ModuleCoverage coverage{};
  double scale = 1;
  ModuleStatistics statistics{};
};
/// All parts of one module, by rising index; contributions that lack the module are not there.
using ModuleParts = std::vector<ModulePart>;

}  // namespace edgefuse::server
