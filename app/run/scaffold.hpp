#pragma once

#include <cstdint>

#include "app/run/base_version.hpp"
#include "app/run/learning_task.hpp"
#include "clients/control_variates.hpp"
#include "llm/factor_gradient.hpp"
#include "llm/training.hpp"
#include "scenarios/scenario.hpp"
#include "server/optimiser/control_variate.hpp"

namespace edgefuse::app {

/// SCAFFOLD's control variates in a run (docs/models/federated-lora.md): the clients' are of their variants and ranks,
/// in importance order; the server's is of the base in its own order and of `adapter.rank`.
class Scaffold {
 public:
  Scaffold(const scenarios::Scenario& scenario, const LearningTask& task);

  /// c - c_i as `client` sees it, of `c` that came with the version of the base it starts from: of all modules of the
  /// adapter `initial` with which it does, or empty where both are zero.
  [[nodiscard]] llm::FactorGradient correction(std::uint32_t client, const clients::FactorsHeld& factors,
                                               const llm::FactorGradient& c, const BaseVersion& model,
                                               const llm::Adapter& initial) const;
  /// Takes in what the client learned of its gradient. Whether what it knew was of other factors, and is forgotten.
  bool renew(std::uint32_t client, const clients::FactorsHeld& factors, const clients::PlainSteps& steps,
             const BaseVersion& model);
  /// What c is from now on.
  [[nodiscard]] llm::FactorGradient mean() const { return server_.mean(); }

 private:
  [[nodiscard]] server::HeldGradient held(const llm::FactorGradient& gradient, std::size_t variant,
                                          const BaseVersion& model) const;

  const scenarios::Scenario& scenario_;
  const LearningTask& task_;
  clients::ControlVariates clients_;
  server::ControlVariate server_;
};

/// A gradient with respect to s·B as one with respect to B, which training wants.
[[nodiscard]] llm::FactorGradient in_units_of(const llm::LoraSpec& spec, llm::FactorGradient gradient);

}  // namespace edgefuse::app
