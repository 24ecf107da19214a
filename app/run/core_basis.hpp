#pragma once

#include <cstddef>

#include "app/run/base_version.hpp"
#include "llm/adapter.hpp"
#include "llm/cores.hpp"
#include "llm/delta.hpp"
#include "llm/factor_gradient.hpp"

namespace edgefuse::app {

/// The factors between which clients train (Fed-SB, 2502.15436): every change of the base is s·B·R·A of B and A that
/// nobody changes, so that the mean of changes is that of the R.
class CoreBasis {
 public:
  /// Of B = U·S and A = V' as gradient_start() makes them: U and V' are kept. `spec` gives the scale s.
  CoreBasis(const llm::ModelDelta& start, const llm::LoraSpec& spec);

  /// R = S/s: the change is that of `start`.
  [[nodiscard]] const llm::CoreMatrices& first() const { return first_; }
  /// The R of a change that has this B and these rows of A.
  [[nodiscard]] llm::CoreMatrices cores_of(const llm::ModelDelta& change) const;
  /// The change that they make, of the base and of all its modules.
  [[nodiscard]] llm::ModelDelta change_of(const llm::CoreMatrices& cores) const;
  /// What a client with that variant trains, in its modules and width.
  [[nodiscard]] llm::Cores seen(const llm::CoreMatrices& cores, const BaseVersion& model, std::size_t variant) const;
  /// And the adapter that it is.
  [[nodiscard]] llm::Adapter adapter_of(const llm::CoreMatrices& cores, const BaseVersion& model,
                                        std::size_t variant) const;

 private:
  llm::LoraSpec spec_;
  llm::CoreMatrices first_;
  llm::FactorGradient factors_;  // A [rank, in] with orthonormal rows, B [out, rank] with orthonormal columns
};

/// R as factors that travel: A's place is R's, and B has no rows.
[[nodiscard]] llm::Adapter as_adapter(const llm::CoreMatrices& cores, const llm::LoraSpec& spec);
[[nodiscard]] llm::CoreMatrices as_cores(const llm::Adapter& adapter);

}  // namespace edgefuse::app
