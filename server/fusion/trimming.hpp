#pragma once

#include <vector>

#include "llm/trim.hpp"
#include "server/fusion/election.hpp"
#include "server/fusion/scope.hpp"

namespace edgefuse::server {

/// TIES' first step (2306.01708): of each change only the largest `density` by magnitude is kept, module by module
/// (scope tensor) or of all modules end to end (scope model). A module that a contribution lacks is then as many zeros.
/// Scope model goes through the modules twice to find each contribution's smallest magnitude kept.
class Trimming {
 public:
  Trimming(const ModuleSource& modules, Scope scope, double density);

  /// Starts a run through all modules in order.
  [[nodiscard]] Prepare begin() const;

 private:
  double density_;
  bool whole_model_;
  std::vector<llm::Trim> settled_;  // scope model: one for each contribution
};

}  // namespace edgefuse::server
