#pragma once

#include "llm/model.hpp"
#include "llm/variant.hpp"
#include "sim/registry.hpp"

namespace edgefuse::llm {

/// Plug-in point: what in a model matters most. A structured pruner only ranks; `sort_by_importance` and `slice` do
/// the pruning (DESIGN §3).
class Pruner {
 public:
  Pruner() = default;
  Pruner(const Pruner&) = delete;
  Pruner& operator=(const Pruner&) = delete;
  virtual ~Pruner() = default;

  /// Equal scores keep their order. Does not depend on the number of threads.
  [[nodiscard]] virtual ImportanceOrder rank(const Model& model) const = 0;
};

/// All pruners by name.
[[nodiscard]] Registry<Pruner> pruners();

/// Numbers 0..n-1 by falling score, the smaller number first among equals.
[[nodiscard]] std::vector<std::int64_t> order_by_score(const std::vector<double>& scores);

}  // namespace edgefuse::llm
