#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "llm/variant.hpp"
#include "server/conflict/conflict_resolver.hpp"
#include "server/fusion/contribution.hpp"

namespace edgefuse::server {

/// What a fusion rule sees: every module's parts, with conflicts resolved when asked for, one module in memory at a
/// time. A rule that must know all modules before it can fuse one goes through them more than once.
class ResolvedModules {
 public:
  /// Holds references to both. Throws InputError for a weight that is not finite or negative, weights that are all
  /// zero, numbers that are not finite, and modules whose shape differs between contributions; all of them at once.
  ResolvedModules(std::span<const Contribution> contributions, const ConflictResolver& resolver);

  /// Every module somebody changes, in order, with its shape.
  [[nodiscard]] const std::map<llm::ModuleId, llm::MatrixShape>& shapes() const { return shapes_; }
  [[nodiscard]] ModuleParts parts(llm::ModuleId module) const;

  [[nodiscard]] std::size_t contributions() const { return sorted_.size(); }
  /// Sum of all weights, of contributions without the module too: what a module lacks counts as no change.
  [[nodiscard]] double total_weight() const { return total_weight_; }

 private:
  std::vector<const Contribution*> sorted_;  // by client; the same client's in the order given
  const ConflictResolver* resolver_;
  std::map<llm::ModuleId, llm::MatrixShape> shapes_;
  double total_weight_ = 0;
};

}  // namespace edgefuse::server
