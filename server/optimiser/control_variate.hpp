#pragma once

#include "llm/factor_gradient.hpp"

namespace edgefuse::server {

/// One client's control variate in the base's shapes, and where it has one.
struct HeldGradient {
  llm::FactorGradient gradient;  // zero where it has none
  llm::FactorGradient holds;     // 1 where it has one, else 0
};

/// The control variate c of SCAFFOLD (Karimireddy et al., 1910.06378): the mean of all clients' c_i, where those that
/// never took part have c_i = 0. The paper's c ← c + (1/N) Σ (c_i⁺ - c_i) keeps it so, with equal weights w_i and
/// clients that all hold the same factors. Here, entry by entry,
///
///   c = Σ_i w_i c_i / (Σ_fleet w_i - Σ w_i of the clients that are known to hold nothing there),
///
/// and 0 where nobody does: of rows that a pruned variant lacks, its client says nothing, not that their gradient is 0.
/// Sums are in float64, in the order of the calls.
class ControlVariate {
 public:
  /// `fleet`: Σ w_i of all clients, whether they ever take part or not.
  explicit ControlVariate(double fleet) : fleet_{fleet} {}

  /// A client's c_i, and another one in its place: of other factors, maybe. `before` is what was added for it last.
  void add(double weight, const HeldGradient& client);
  void replace(double weight, const HeldGradient& before, const HeldGradient& client);

  /// c, float32; empty before anybody's was added.
  [[nodiscard]] llm::FactorGradient mean() const;

 private:
  void count(double weight, const HeldGradient& client);

  double fleet_;
  double known_ = 0;           // Σ w_i of the clients in the sums
  llm::FactorGradient sum_;    // Σ w_i c_i, float64
  llm::FactorGradient held_;   // Σ w_i where they hold something, float64
};

}  // namespace edgefuse::server
