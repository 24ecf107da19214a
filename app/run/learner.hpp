#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "app/run/arms.hpp"
#include "app/run/learning_task.hpp"
#include "clients/trainer.hpp"
#include "llm/costs.hpp"
#include "llm/model.hpp"
#include "llm/plan.hpp"
#include "scenarios/scenario.hpp"
#include "server/fusion/contribution.hpp"

namespace edgefuse::app {

/// What a client's training was worth, for its row in the results.
struct TrainingRecord {
  std::uint32_t client = 0;
  double first_loss = 0;
  double last_loss = 0;
  bool refused = false;  // its numbers were not finite: not fused
};

/// The tensors of a run: the sorted base of every version, its variants, the adapters in training, and what fusion
/// makes of them. Virtual time decides when its functions are called, never what they compute.
class Learner {
 public:
  /// `sorted` is the base in importance order; `offered` are its variants' shapes.
  Learner(const scenarios::Scenario& scenario, const LearningTask& task, llm::Model sorted,
          std::vector<llm::VariantShape> offered, llm::Crew crew);

  /// Notes that `plan` was carried out in round `round`; nothing is computed yet.
  void note(std::int64_t round, const llm::Plan& plan);

  /// Trains everything noted and recovers it to the base's shapes. By client id. `watch` may be empty.
  [[nodiscard]] std::vector<TrainingRecord> collect(const clients::TrainingWatch& watch = {});

  /// The recovered updates of the last collect().
  [[nodiscard]] std::span<const server::Contribution> contributions() const { return contributions_; }
  /// Those of clients whose data are about `domain`.
  [[nodiscard]] std::vector<server::Contribution> contributions_of(const std::string& domain) const;

  /// The base as the clients of this round got it.
  [[nodiscard]] const llm::Model& base() const { return base_; }
  /// Adds `delta` to the base: the next version. Adapters start anew from B = 0, so nothing counts twice.
  void advance(const llm::ModelDelta& delta);

 private:
  void slice_variants();

  const scenarios::Scenario& scenario_;
  const LearningTask& task_;
  llm::Model base_;
  std::vector<llm::VariantShape> offered_;
  std::vector<clients::VariantModel> variants_;
  at::Device device_;
  clients::Trainer trainer_;
  std::int64_t version_ = 0;
  std::vector<server::Contribution> contributions_;
};

/// The scenario's adapter and training sections as the engine takes them.
[[nodiscard]] llm::LoraSpec lora_spec(const scenarios::Adapter& adapter);
[[nodiscard]] llm::TrainingOptions training_options(const scenarios::Training& training);
/// How a client's device holds what it trains on, as the cost model takes it.
[[nodiscard]] llm::CostOptions cost_options(const scenarios::Scenario& scenario);

}  // namespace edgefuse::app
