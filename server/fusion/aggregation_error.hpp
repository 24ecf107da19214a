#pragma once

#include "llm/delta.hpp"
#include "server/fusion/contribution.hpp"
#include "server/fusion/module_source.hpp"

namespace edgefuse::server {

/// How far a fused change is from the weighted mean of the changes that went in, Δ* = Σ p_i D_i with p_i = w_i / Σ w:
/// ‖fused - Δ*‖_F / ‖Δ*‖_F over all modules added. 0 for exact rules; what a biased rule, or conflict resolution, adds
/// and takes away. A figure to compare with, not a fault: rules that are meant to differ from the mean do.
class AggregationError {
 public:
  /// One module: `parts` are the unresolved changes, not empty, `total_weight` that of all contributions; where signed
  /// weights cancel to 0, there is no mean, and Δ* counts as zero.
  void add(const llm::ModuleDelta& fused, const ModuleParts& parts, double total_weight);

  /// Those of other modules.
  AggregationError& operator+=(const AggregationError& others);

  /// 0 where everything is zero; infinite where only Δ* is.
  [[nodiscard]] double relative() const;
  /// ‖Δ*‖_F and ‖fused‖_F so far.
  [[nodiscard]] double of_mean() const;
  [[nodiscard]] double of_fused() const;

 private:
  double squared_error_ = 0;
  double squared_mean_ = 0;
  double squared_fused_ = 0;
};

}  // namespace edgefuse::server
