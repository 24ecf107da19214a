#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/run/aggregation.hpp"
#include "app/run/arms.hpp"
#include "app/run/exchange.hpp"
#include "app/run/learning_task.hpp"
#include "app/run/prepared_base.hpp"
#include "app/run/round_fusion.hpp"
#include "app/run/scaffold.hpp"
#include "app/run/start.hpp"
#include "app/run/training_record.hpp"
#include "app/run/versions.hpp"
#include "clients/trainer.hpp"
#include "llm/model.hpp"
#include "llm/plan.hpp"
#include "scenarios/scenario.hpp"
#include "server/fusion/contribution.hpp"
#include "server/optimiser/server_optimiser.hpp"

namespace edgefuse::app {

/// The tensors of a run: the base at every version that somebody still trains on, its variants, the adapters in
/// training, and what fusion makes of them. Virtual time decides when its functions are called, never what they
/// compute.
class Learner {
 public:
  Learner(const scenarios::Scenario& scenario, const LearningTask& task, Aggregation aggregation, PreparedBase prepared,
          llm::Crew crew);

  /// Somebody starts from the base as it is: that version is kept until release() was called as often.
  void keep() { ++versions_.rbegin()->second.users; }
  void release(std::int64_t version);

  /// The adapter with which `plan`, begun at that version, trains.
  [[nodiscard]] llm::Adapter begins(const llm::Plan& plan, std::int64_t invitation, std::int64_t version) const;
  /// Notes that `plan`, begun at that version, was carried out; nothing is computed yet.
  void note(const llm::Plan& plan, std::int64_t invitation, std::int64_t version);
  /// Trains everything noted and recovers it to the base's shapes. By client id, then invitation. `watch` may be empty.
  [[nodiscard]] std::vector<TrainingRecord> collect(const clients::TrainingWatch& watch = {});

  /// The recovered updates of the last collect(), their weights discounted by their staleness.
  [[nodiscard]] std::span<const server::Contribution> contributions() const { return gathered_.contributions; }
  /// Those of clients whose data are about `domain`; where clients keep their B, each with its own, as they hold it.
  [[nodiscard]] std::vector<server::Contribution> contributions_of(const std::string& domain) const;

  /// What an arm makes of them. Several may ask at a time.
  [[nodiscard]] Fused fuse(const Arm& arm) const;

  /// The base that changes are of.
  [[nodiscard]] const llm::Model& base() const { return versions_.rbegin()->second.model.base(); }
  /// The next version, by what an arm made of the contributions. `recovery.between_rounds` "merge": the base becomes
  /// base + that change, and adapters start anew from B = 0, so nothing counts twice. "carry": the base stays, and the
  /// change is where the next ones start: its own factors where they have no more ranks than the adapters, else cut. A
  /// server optimiser then steps from the factors carried so far.
  void advance(Fused fused);

 private:
  [[nodiscard]] std::int64_t version() const { return versions_.rbegin()->first; }
  [[nodiscard]] Start start_of(const llm::Plan& plan, std::int64_t invitation, std::int64_t version) const;
  /// What the server makes of an update, which becomes what arrived of it; nothing when it is refused.
  [[nodiscard]] std::optional<llm::ModelDelta> received(llm::Update& update, const Start& who);
  [[nodiscard]] std::optional<llm::ModelDelta> recovered(const llm::Update& update, const Start& who) const;
  [[nodiscard]] server::Contribution contribution_of(const llm::Update& update, const Start& who,
                                                     llm::ModelDelta delta) const;
  [[nodiscard]] Exchange::Beginning beginning(const Start& start) const;
  [[nodiscard]] llm::FactorGradient correction(const Start& start, const llm::Adapter& initial) const;
  [[nodiscard]] std::optional<llm::TailPenalty> penalty(const Start& start) const;
  void add_contribution(const llm::Update& update, std::int64_t steps, TrainingRecord& record);
  /// The update that is sent: ranks that its client gives up are not (HetLoRA).
  [[nodiscard]] llm::Update without_ranks_given_up(llm::Update update, const Start& start) const;
  /// Whether what the client knew was of other factors.
  bool renew_variate(const llm::Adapter& trained, const Start& start, std::int64_t steps);
  void weigh();

  const scenarios::Scenario& scenario_;
  const LearningTask& task_;
  Aggregation aggregation_;
  at::Device device_;
  clients::Trainer trainer_;
  Exchange exchange_;
  Versions versions_;
  Gathered gathered_;
  std::vector<server::Contribution> personal_;  // the same with what clients hold, where they keep their B
  server::OptimiserState optimiser_state_;
  std::optional<Scaffold> scaffold_;  // where gradients are corrected
};

}  // namespace edgefuse::app
