#pragma once

#include "llm/module_id.hpp"
#include "server/fusion/contribution.hpp"
#include "server/fusion/draws.hpp"
#include "sim/registry.hpp"

namespace edgefuse::server {

/// Plug-in point: {changes of one module} → {changes of that module}, before any fusion rule. Works on ΔW = s·B·A,
/// never on A and B apart: these are known only up to B·G, G⁻¹·A, so their signs mean nothing.
class ConflictResolver {
 public:
  ConflictResolver() = default;
  ConflictResolver(const ConflictResolver&) = delete;
  ConflictResolver& operator=(const ConflictResolver&) = delete;
  virtual ~ConflictResolver() = default;

  /// As many parts, in the same order, with the same index, weight and coverage. Never writes into a tensor it was
  /// given.
  [[nodiscard]] virtual ModuleParts resolve(llm::ModuleId module, ModuleParts parts, const FusionSeed& seed) const = 0;
  /// Whether the resolver is defined on factors only and cannot take a dense change.
  [[nodiscard]] virtual bool needs_low_rank() const { return false; }
  /// Whether low-rank parts stay low rank whatever their values.
  [[nodiscard]] virtual bool keeps_low_rank() const = 0;
};

/// All conflict resolvers by name.
[[nodiscard]] Registry<ConflictResolver> conflict_resolvers();

}  // namespace edgefuse::server
