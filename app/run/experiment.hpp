#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/run/assembly.hpp"
#include "app/run/learner.hpp"
#include "app/run/round_simulation.hpp"
#include "app/run/timeline.hpp"
#include "results/recorder.hpp"
#include "server/selection/history.hpp"

namespace edgefuse::app {

struct ExperimentOptions {
  llm::Crew crew{};  // who trains gangs and judges models; never changes a result
  /// Told what is being done, in a few words; may be empty.
  std::function<void(const std::string&)> progress = {};
  /// Told, in a sentence, what a user should know of a run that goes on all the same; may be empty.
  std::function<void(const std::string&)> notice = {};
  /// Given the picture (SVG) of the conflict between a round's updates, where that is recorded; may be empty.
  std::function<void(const std::string&)> picture = {};
};

/// One run of a scenario: virtual time drives, learning follows, everything is recorded.
class Experiment {
 public:
  /// Loads the weights. Throws InputError when they are not the model's. `recorder` outlives it.
  Experiment(Assembly assembly, results::Recorder& recorder, ExperimentOptions options);
  Experiment(const Experiment&) = delete;  // its parts refer to each other
  Experiment& operator=(const Experiment&) = delete;

  /// Runs to the end; finish() is the caller's to say. The recorder has every round on file as soon as it is done,
  /// whatever happens: a round is committed before its models are judged. A model whose output is not finite is
  /// recorded without figures, and the run goes on. Throws RunError when the run can get no further.
  void run();

 private:
  void record_clients();
  void prepare_learning();
  [[nodiscard]] RoundHooks hooks();
  [[nodiscard]] std::vector<std::uint32_t> select(std::int64_t invitation, std::int64_t count, const Eligible& eligible,
                                                  const Among& among) const;
  void start(const Participation& participation);
  void end(const Participation& participation);
  std::int64_t finish_round(const RoundTimeline& round);
  [[nodiscard]] std::vector<TrainingRecord> train(const RoundTimeline& round);
  void remember(const std::vector<results::PlanRow>& plans, const std::vector<TrainingRecord>& records);
  void teach_policy(const std::vector<results::PlanRow>& plans);
  void learn(const RoundTimeline& round);
  /// By arm: how far what it made is from the mean, once somebody fused it.
  using ArmErrors = std::vector<std::optional<server::AggregationError>>;
  void record_fusion(std::int64_t round, const ArmErrors& errors);
  [[nodiscard]] bool evaluates(std::int64_t round) const;
  [[nodiscard]] bool judges(scenarios::EvaluatedModel model) const;
  /// The models to be judged; whoever makes an arm's notes its error.
  [[nodiscard]] std::vector<Subject> subjects(const Fused& primary, ArmErrors& errors) const;
  void evaluate(std::int64_t round, const std::vector<Subject>& subjects);
  void say(const std::string& what) const;
  void notify(const std::string& what) const;

  Assembly assembly_;
  results::Recorder& recorder_;
  ExperimentOptions options_;
  std::optional<Learner> learner_;  // learning fidelity only
  server::History history_;
  std::vector<results::EventRow> events_;
};

}  // namespace edgefuse::app
