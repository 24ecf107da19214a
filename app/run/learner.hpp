#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "app/run/arms.hpp"
#include "app/run/learning_task.hpp"
#include "clients/trainer.hpp"
#include "llm/model.hpp"
#include "llm/plan.hpp"
#include "scenarios/scenario.hpp"
#include "server/fusion/contribution.hpp"
#include "server/protocol/protocol.hpp"

namespace edgefuse::app {

/// What a client's training was worth, for its row in the results and for the selection.
struct TrainingRecord {
  std::uint32_t client = 0;
  std::int64_t invitation = 0;
  double first_loss = 0;
  double last_loss = 0;
  double mean_loss = 0;
  bool refused = false;  // its numbers were not finite: not fused
};

/// How the run's protocol has updates fused.
struct Aggregation {
  std::function<double(std::int64_t staleness)> discount;
  server::Mixing mixing{};
  std::function<std::uint32_t(std::uint32_t client)> group{};  // its aggregator; empty where there is none
};

/// The tensors of a run: the sorted base of every version that somebody still trains on, its variants, the adapters in
/// training, and what fusion makes of them. Virtual time decides when its functions are called, never what they
/// compute.
class Learner {
 public:
  /// `sorted` is the base in importance order; `offered` are its variants' shapes.
  Learner(const scenarios::Scenario& scenario, const LearningTask& task, Aggregation aggregation, llm::Model sorted,
          std::vector<llm::VariantShape> offered, llm::Crew crew);

  /// Somebody starts from the base as it is: that version is kept until release() was called as often.
  void keep() { ++versions_.rbegin()->second.users; }
  void release(std::int64_t version);

  /// Notes that `plan`, begun at that version, was carried out; nothing is computed yet.
  void note(const llm::Plan& plan, std::int64_t invitation, std::int64_t version);
  /// Trains everything noted and recovers it to the base's shapes. By client id, then invitation. `watch` may be empty.
  [[nodiscard]] std::vector<TrainingRecord> collect(const clients::TrainingWatch& watch = {});

  /// The recovered updates of the last collect(), their weights discounted by their staleness.
  [[nodiscard]] std::span<const server::Contribution> contributions() const { return contributions_; }
  /// Those of clients whose data are about `domain`.
  [[nodiscard]] std::vector<server::Contribution> contributions_of(const std::string& domain) const;

  /// What an arm makes of them: one change of the base as it is (docs/models/protocols.md). Empty without any.
  [[nodiscard]] llm::ModelDelta fused(const Arm& arm) const;

  /// The base as it is.
  [[nodiscard]] const llm::Model& base() const { return versions_.rbegin()->second.base; }
  /// Adds `delta` to the base: the next version. Adapters start anew from B = 0, so nothing counts twice.
  void advance(llm::ModelDelta delta);

 private:
  struct Version {
    llm::Model base;
    std::vector<clients::VariantModel> variants;
    std::int64_t users = 0;
    llm::ModelDelta change{};  // that made the next version; kept only where updates are mixed
  };

  [[nodiscard]] std::int64_t version() const { return versions_.rbegin()->first; }
  [[nodiscard]] Version make_version(llm::Model base) const;
  void add_contribution(const llm::Update& update, TrainingRecord& record);
  void weigh();
  [[nodiscard]] llm::ModelDelta plainly_fused(const Arm& arm) const;
  /// What the discounted updates begun at or before that version count for, of one that is fresh.
  [[nodiscard]] double share_of_those_begun_by(std::int64_t version) const;

  const scenarios::Scenario& scenario_;
  const LearningTask& task_;
  Aggregation aggregation_;
  std::vector<llm::VariantShape> offered_;
  at::Device device_;
  clients::Trainer trainer_;
  std::map<std::int64_t, Version> versions_;  // from the oldest in use to the latest
  std::vector<server::Contribution> contributions_;
  std::vector<std::int64_t> begun_;  // version that each contribution started from
  double total_weight_ = 0;          // of them, if none were stale
};

}  // namespace edgefuse::app
