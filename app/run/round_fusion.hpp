#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <c10/core/Device.h>

#include "app/run/aggregation.hpp"
#include "app/run/arms.hpp"
#include "app/run/versions.hpp"
#include "llm/delta.hpp"
#include "scenarios/scenario.hpp"
#include "server/fusion/aggregation_error.hpp"
#include "server/fusion/contribution.hpp"
#include "server/optimiser/server_optimiser.hpp"

namespace edgefuse::app {

/// One round's updates as the server has them.
struct Gathered {
  std::vector<server::Contribution> contributions;  // recovered; weights discounted by staleness
  std::vector<std::int64_t> begun;                  // the version that each started from
  double total_weight = 0;                          // of them, if none were stale
};

/// What an arm makes of a round's updates.
struct Fused {
  /// Of the base as it is (docs/models/protocols.md): trained once more where the scenario wants it, and the step that
  /// the server's optimiser would take. What is carried already where there were no updates.
  llm::ModelDelta change;
  server::OptimiserState state;
  /// How far the rule's own result is from the weighted mean of what it was given, before any optimiser and retraining.
  server::AggregationError error;
};

/// The way from one round's updates to the next step of the base. Of what it is given it changes nothing and keeps
/// references.
class RoundFusion {
 public:
  RoundFusion(const scenarios::Scenario& scenario, const Aggregation& aggregation, at::Device device,
              const Versions& versions, const Gathered& gathered, const server::OptimiserState& state)
      : scenario_{scenario},
        aggregation_{aggregation},
        device_{device},
        versions_{versions},
        gathered_{gathered},
        state_{state} {}

  [[nodiscard]] Fused fuse(const Arm& arm) const;

 private:
  [[nodiscard]] const Version& latest() const { return versions_.rbegin()->second; }
  [[nodiscard]] std::uint32_t round() const { return static_cast<std::uint32_t>(versions_.rbegin()->first); }
  /// Whether the arm makes factors of factors that mean the same in every round.
  [[nodiscard]] bool goes_on_with_factors(const Arm& arm) const;
  /// As if all had begun where the server is, with what their variants lack.
  [[nodiscard]] std::vector<server::Contribution> rebased() const;
  [[nodiscard]] llm::ModelDelta plainly_fused(const Arm& arm,
                                              std::span<const server::Contribution> contributions) const;
  [[nodiscard]] server::ServerStep step(llm::ModelDelta fused) const;
  [[nodiscard]] llm::ModelDelta mixed(const llm::ModelDelta& change) const;
  /// What the discounted updates begun at or before that version count for, of one that is fresh.
  [[nodiscard]] double share_of_those_begun_by(std::int64_t version) const;

  const scenarios::Scenario& scenario_;
  const Aggregation& aggregation_;
  at::Device device_;
  const Versions& versions_;
  const Gathered& gathered_;
  const server::OptimiserState& state_;
};

}  // namespace edgefuse::app
