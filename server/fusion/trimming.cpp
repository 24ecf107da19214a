#include "server/fusion/trimming.hpp"

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <span>

#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

/// Calls count(trim, piece) for every module and contribution.
template <class Count>
void count_all(const ModuleSource& modules, std::vector<llm::Trim>& trims, const Count& count) {
  for (const auto& [id, shape] : modules.shapes) {
    const std::vector<float> zeros(static_cast<std::size_t>(shape.out * shape.in), 0.0F);
    std::vector<std::span<const float>> pieces(trims.size(), zeros);
    const auto parts = modules.parts(id);
    const auto changes = own_dense(parts);
    for (std::size_t i = 0; i < parts.size(); ++i)
      pieces[parts[i].index] = numbers(changes[i]);
    for (std::size_t i = 0; i < trims.size(); ++i)
      count(trims[i], pieces[i]);
  }
}

std::vector<llm::Trim> settled_trims(const ModuleSource& modules, double density) {
  std::vector<llm::Trim> trims(modules.contributions, llm::Trim{density});
  count_all(modules, trims, [](llm::Trim& trim, std::span<const float> piece) { trim.count_upper(piece); });
  for (auto& trim : trims)
    trim.settle_upper();
  count_all(modules, trims, [](llm::Trim& trim, std::span<const float> piece) { trim.count_lower(piece); });
  for (auto& trim : trims)
    trim.settle_lower();
  return trims;
}

}  // namespace

Trimming::Trimming(const ModuleSource& modules, Scope scope, double density)
    : density_{density}, whole_model_{scope == Scope::model} {
  if (whole_model_) settled_ = settled_trims(modules, density);
}

Prepare Trimming::begin() const {
  if (whole_model_)
    return [trims = settled_](llm::ModuleId /*id*/, const ModuleParts& parts) mutable {
      auto changes = own_dense(parts);
      for (std::size_t i = 0; i < parts.size(); ++i)
        trims[parts[i].index].trim(numbers(changes[i]));
      return changes;
    };
  return [density = density_](llm::ModuleId /*id*/, const ModuleParts& parts) {
    auto changes = own_dense(parts);
    for (auto& change : changes)
      llm::trim_to_density(numbers(change), density);
    return changes;
  };
}

}  // namespace edgefuse::server
