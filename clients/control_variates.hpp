#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "llm/adapter.hpp"
#include "llm/factor_gradient.hpp"
#include "llm/training.hpp"

namespace edgefuse::clients {

/// Which factors a client trained: gradients of others are of no use to it.
struct FactorsHeld {
  std::size_t variant = 0;
  std::int64_t rank = 0;

  friend bool operator==(const FactorsHeld&, const FactorsHeld&) = default;
};

/// One client's training, as its control variate is made from it. That all have the same modules and shapes is an
/// invariant.
struct PlainSteps {
  const llm::Adapter& initial;              // x
  const llm::Adapter& trained;               // y
  const llm::FactorGradient& correction;     // c - c_i as it was in each step; empty: 0
  double rates = 0;                          // Σ η_t over the steps that were taken, above 0
  llm::Factors moved = llm::Factors::both;   // the others' control variates stay
};

/// The control variates c_i of SCAFFOLD (Karimireddy et al., 1910.06378): what each client that took part knows of its
/// own mean gradient. With respect to A and to s·B, float32: so clients of other scales s mean the same by them.
///
/// Option II of the paper, whose steps x ← x - η_t (g + c - c_i) add up to
///   c_i⁺ = c_i - c + (x - y) / Σ η_t,
/// the mean of g over the steps, weighted by their rates. For B in its own units (x - y)/(s·Σ η_t).
class ControlVariates {
 public:
  /// Null for a client that has none for these factors: it takes its c_i for zero.
  [[nodiscard]] const llm::FactorGradient* of(std::uint32_t client, const FactorsHeld& factors) const;
  /// What factors it has one for.
  [[nodiscard]] std::optional<FactorsHeld> factors(std::uint32_t client) const;

  /// c - c_i: of `server`, in the client's shapes, less what it has for these factors. Empty while both are zero.
  [[nodiscard]] llm::FactorGradient correction(std::uint32_t client, const FactorsHeld& factors,
                                               const llm::FactorGradient& server) const;
  /// c_i becomes c_i⁺.
  void renew(std::uint32_t client, const FactorsHeld& factors, const PlainSteps& steps);

 private:
  struct Own {
    FactorsHeld factors;
    llm::FactorGradient gradient;
  };
  std::map<std::uint32_t, Own> own_;
};

}  // namespace edgefuse::clients
