#pragma once

#include <span>

#include <ATen/core/Tensor.h>

#include "server/conflict/conflict_resolver.hpp"

namespace edgefuse::server {

/// A resolver that goes through the entries of ΔW. Its results are dense: what is left of a product of factors after
/// an entry here and there is taken away has no small rank. A change that is alone in its module stays as it came.
class EntrywiseResolver : public ConflictResolver {
 public:
  [[nodiscard]] ModuleParts resolve(llm::ModuleId module, ModuleParts parts, const FusionSeed& seed) const final;
  [[nodiscard]] bool keeps_low_rank() const final { return is_identity(); }

 private:
  /// `changes` are dense float32, contiguous, of one shape, nobody else's, two at least; one weight each.
  virtual void mitigate(std::span<at::Tensor> changes, std::span<const double> weights) const = 0;
  /// Whether the parameters are such that nothing ever changes.
  [[nodiscard]] virtual bool is_identity() const { return false; }
};

}  // namespace edgefuse::server
