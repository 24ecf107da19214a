#include "llm/training.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include <ATen/ATen.h>

#include "llm/adamw.hpp"
#include "llm/checks.hpp"
#include "llm/engine/gang.hpp"
#include "llm/schedule.hpp"
#include "llm/threads.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

void check_batch(const Model& model, const Batch& batch, const std::string& what) {
  for (std::size_t row = 0; row < batch.size(); ++row) {
    const std::string where = what + ", row " + std::to_string(row);
    check_text(model.config, batch[row].ids, where);
    for (const std::int64_t label : batch[row].labels)
      if (label != no_label) check_ids(model.config, {&label, 1}, where + ", labels");
  }
  if (engine::label_count(batch) == 0)
    throw InputError{{.key = what,
                      .problem = "no position after the first has a label, so there is no loss to learn from",
                      .remedy = "leave the step out, or use longer sequences so that answers are not cut off"}};
}

void check_jobs(const Model& model, std::span<const TrainingJob> jobs) {
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    check_adapter_fits(jobs[job].initial, model, "initial adapter");
    for (std::size_t step = 0; step < jobs[job].steps.size(); ++step)
      check_batch(model, jobs[job].steps[step],
                  (jobs.size() > 1 ? "job " + std::to_string(job) + ", " : "") + "step " + std::to_string(step));
  }
}

std::int64_t longest_text(std::span<const TrainingJob> jobs) {
  std::size_t longest = 1;
  for (const TrainingJob& job : jobs)
    for (const Batch& batch : job.steps)
      for (const Sequence& sequence : batch)
        longest = std::max(longest, sequence.ids.size());
  return static_cast<std::int64_t>(longest);
}

std::vector<const Adapter*> initial_adapters(std::span<const TrainingJob> jobs) {
  std::vector<const Adapter*> adapters;
  for (const TrainingJob& job : jobs)
    adapters.push_back(&job.initial);
  return adapters;
}

/// A gang on its way through its steps.
template <class T>
class Training {
 public:
  Training(const Model& model, std::span<const TrainingJob> jobs, const TrainingOptions& options)
      : jobs_{jobs},
        options_{options},
        gang_{model, initial_adapters(jobs), options.precision, longest_text(jobs)},
        stopped_(jobs.size(), false),
        results_(jobs.size()) {
    const auto numbers = static_cast<std::size_t>(gang_.factors().layout().size());
    optimisers_.assign(jobs.size(), AdamW<T>{options, numbers});
  }

  std::vector<TrainedAdapter> run() {
    std::size_t longest = 0;
    for (const TrainingJob& job : jobs_)
      longest = std::max(longest, job.steps.size());
    for (std::size_t step = 0; step < longest; ++step) {
      const std::vector<const Batch*> batches = batches_of(step);
      const std::vector<double> losses = gang_.losses_and_gradients(batches);
      for (std::size_t member = 0; member < jobs_.size(); ++member)
        if (batches[member] != nullptr) finish_step(member, step, losses[member]);
    }
    for (std::size_t member = 0; member < jobs_.size(); ++member)
      results_[member].adapter = gang_.factors().store(member, jobs_[member].initial);
    return std::move(results_);
  }

 private:
  /// Null for a member that has done its last step.
  [[nodiscard]] std::vector<const Batch*> batches_of(std::size_t step) const {
    std::vector<const Batch*> batches(jobs_.size(), nullptr);
    for (std::size_t member = 0; member < jobs_.size(); ++member)
      if (!stopped_[member] && step < jobs_[member].steps.size()) batches[member] = &jobs_[member].steps[step];
    return batches;
  }

  void finish_step(std::size_t member, std::size_t step, double loss) {
    const std::span<const T> gradients = std::as_const(gang_).factors().gradients(member);
    const double gradient_norm = norm(gradients);
    results_[member].losses.push_back(loss);
    results_[member].grad_norms.push_back(gradient_norm);
    if (!std::isfinite(loss) || !std::isfinite(gradient_norm)) {
      stopped_[member] = true;
      return;
    }
    const auto steps = static_cast<std::int64_t>(jobs_[member].steps.size());
    const double rate = rate_at(options_.schedule, options_.learning_rate, static_cast<std::int64_t>(step), steps);
    optimisers_[member].step(gang_.factors().values(member), gradients, clip_factor(gradient_norm, options_.clip_norm),
                             rate);
  }

  std::span<const TrainingJob> jobs_;
  const TrainingOptions& options_;
  engine::Gang<T> gang_;
  std::vector<AdamW<T>> optimisers_;
  std::vector<bool> stopped_;
  std::vector<TrainedAdapter> results_;
};

}  // namespace

std::vector<TrainedAdapter> train_gang(const Model& variant, std::span<const TrainingJob> jobs,
                                       const TrainingOptions& options) {
  if (jobs.empty()) return {};
  check_jobs(variant, jobs);
  use_one_thread_per_gang();
  const at::NoGradGuard frozen;
  if (variant.embedding.scalar_type() == at::kDouble) return Training<double>{variant, jobs, options}.run();
  EDGEFUSE_EXPECTS(variant.embedding.scalar_type() == at::kFloat, "a model in float32, or float64 for tests");
  return Training<float>{variant, jobs, options}.run();
}

}  // namespace edgefuse::llm
