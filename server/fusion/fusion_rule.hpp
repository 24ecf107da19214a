#pragma once

#include <cstddef>
#include <functional>

#include "llm/delta.hpp"
#include "server/fusion/module_source.hpp"
#include "sim/registry.hpp"

namespace edgefuse::server {

/// Receives each module's fused change once, in module order.
using DeltaSink = std::function<void(llm::ModuleId, llm::ModuleDelta)>;

/// Plug-in point: {adapters, weights} → one change of the base. A rule is one pair of files with a function that
/// returns its `Method`, and a line in registry.cpp.
class FusionRule {
 public:
  FusionRule() = default;
  FusionRule(const FusionRule&) = delete;
  FusionRule& operator=(const FusionRule&) = delete;
  virtual ~FusionRule() = default;

  virtual void fuse(const ModuleSource& modules, const DeltaSink& sink) const = 0;
  /// Whether the rule is defined on factors only and cannot take a dense change.
  [[nodiscard]] virtual bool needs_low_rank() const { return false; }
  /// Whether factors of one rank become factors of that rank whose rows of A and columns of B mean what theirs meant,
  /// so that the difference from where they began is a change of the factors.
  [[nodiscard]] virtual bool keeps_factors() const { return false; }
  /// Whether what becomes of a module depends on that module alone, and on all weights.
  [[nodiscard]] virtual bool goes_by_module() const { return false; }
  /// Of fewer contributions than these it makes nothing.
  [[nodiscard]] virtual std::size_t least_contributions() const { return 1; }
  /// Whether it refuses parts of unlike ranks.
  [[nodiscard]] virtual bool needs_one_rank() const { return false; }
  /// What clients must reveal about their data for this rule: each part then has those statistics.
  [[nodiscard]] virtual Reveals needs() const { return Reveals::nothing; }
  /// Whether the rule judges by public texts: the source then has a public loss.
  [[nodiscard]] virtual bool needs_public_text() const { return false; }
  /// Whether weights may be negative: an adapter is then taken away.
  [[nodiscard]] virtual WeightSigns weight_signs() const { return WeightSigns::positive; }
};

/// A rule that fuses each module by itself.
class ModuleLocalRule : public FusionRule {
 public:
  void fuse(const ModuleSource& modules, const DeltaSink& sink) const final;
  [[nodiscard]] bool goes_by_module() const final { return true; }

 private:
  /// `parts` is not empty.
  [[nodiscard]] virtual llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const = 0;
};

/// All fusion rules by name.
[[nodiscard]] Registry<FusionRule> fusion_rules();

}  // namespace edgefuse::server
