#include "server/fusion/scaled_sum.hpp"

#include <map>
#include <vector>

#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {

llm::ModelDelta sum(std::span<const Scaled> terms) {
  struct Module {
    ModuleParts parts;
    std::vector<double> coefficients;
  };
  std::map<llm::ModuleId, Module> modules;
  for (const auto& [change, factor] : terms) {
    for (const auto& [id, delta] : *change) {
      auto& module = modules[id];
      module.parts.push_back({.index = module.parts.size(), .delta = delta});
      module.coefficients.push_back(factor);
    }
  }
  llm::ModelDelta result;
  for (const auto& [id, module] : modules)
    result.emplace(id, linear_combination(module.parts, module.coefficients));
  return result;
}

}  // namespace edgefuse::server
