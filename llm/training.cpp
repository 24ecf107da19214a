#include "llm/training.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <ATen/ATen.h>

#include "llm/adamw.hpp"
#include "llm/checks.hpp"
#include "llm/core_training.hpp"
#include "llm/engine/gang.hpp"
#include "llm/engine/tensor_gang.hpp"
#include "llm/schedule.hpp"
#include "llm/sgd.hpp"
#include "llm/tail_penalty.hpp"
#include "llm/threads.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

void check_jobs(const Model& model, std::span<const TrainingJob> jobs) {
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    check_adapter_fits(jobs[job].initial, model, "initial adapter");
    for (std::size_t step = 0; step < jobs[job].steps.size(); ++step)
      check_step(model, jobs[job].steps[step],
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

engine::GangOptions gang_options(std::span<const TrainingJob> jobs, const TrainingOptions& options) {
  return {.precision = options.precision,
          .longest = longest_text(jobs),
          .dropout = options.dropout,
          .recompute = options.recompute};
}

template <class T>
using AnyOptimiser = std::variant<AdamW<T>, Sgd<T>>;

template <class T>
AnyOptimiser<T> make_optimiser(const TrainingOptions& options, std::size_t numbers) {
  if (options.optimiser == Optimiser::sgd) return Sgd<T>{options, numbers};
  return AdamW<T>{options, numbers};
}

/// Numbers that lie one behind the other.
struct Part {
  std::size_t first = 0;
  std::size_t count = 0;
};

/// Where the factors lie that stay as they are.
std::vector<Part> frozen_parts(const engine::FactorLayout& layout, const Model& model, Factors trained) {
  std::vector<Part> parts;
  const auto add = [&](std::int64_t first, std::int64_t count) {
    parts.push_back({static_cast<std::size_t>(first), static_cast<std::size_t>(count)});
  };
  for (std::size_t layer = 0; layer < model.layers.size(); ++layer) {
    for (const auto place : engine::all_sites) {
      const auto& site = layout.site(layer, place);
      if (trained == Factors::b && site.adapted()) add(site.a_offset, site.ranks * site.in);
      if (trained == Factors::a)
        for (const auto& slot : site.slots)
          add(slot.b_offset, slot.rank * slot.out);
    }
  }
  return parts;
}

/// A gang on its way through its steps. AnyGang is engine::Gang or engine::TensorGang.
template <class T, template <class> class AnyGang>
class Training {
 public:
  Training(const Model& model, std::span<const TrainingJob> jobs, const TrainingOptions& options)
      : jobs_{jobs},
        options_{options},
        layers_{model.layers.size()},
        gang_{model, initial_adapters(jobs), gang_options(jobs, options)},
        results_(jobs.size()) {
    for (std::size_t member = 0; member < jobs.size(); ++member) {
      const auto& layout = std::as_const(gang_).factors().layout(member);
      auto& cores = cores_.emplace_back(cores_of(layout, jobs[member]));
      if (cores) cores->put(gang_.factors().values(member));
      const std::span<const T> start = numbers(member);
      optimisers_.push_back(make_optimiser<T>(options, start.size()));
      frozen_.push_back(cores ? std::vector<Part>{} : frozen_parts(layout, model, jobs[member].trains));
      if (options.proximal > 0) starts_.emplace_back(start.begin(), start.end());
      const auto& correction = jobs[member].correction;
      corrections_.push_back(correction.empty() ? std::vector<T>{}
                                                : std::as_const(gang_).factors().in_order(member, correction));
      dropout_seeds_.emplace_back(jobs[member].randomness);
    }
  }

  std::vector<TrainedAdapter> run() {
    std::size_t longest = 0;
    for (const TrainingJob& job : jobs_)
      longest = std::max(longest, job.steps.size());
    for (std::size_t step = 0; step < longest; ++step) {
      const std::vector<const Batch*> batches = batches_of(step);
      for (std::size_t member = 0; member < jobs_.size(); ++member)
        gang_.factors().dropout().begin_step(member, next_seed(dropout_seeds_[member]));
      const std::vector<double> losses = gang_.losses_and_gradients(batches);
      for (std::size_t member = 0; member < jobs_.size(); ++member)
        if (batches[member] != nullptr) finish_step(member, step, losses[member]);
    }
    for (std::size_t member = 0; member < jobs_.size(); ++member) {
      results_[member].adapter = gang_.factors().store(member, jobs_[member].initial);
      if (cores_[member]) results_[member].cores = cores_[member]->store();
    }
    return std::move(results_);
  }

 private:
  /// Null for a member that has done its last step.
  [[nodiscard]] std::vector<const Batch*> batches_of(std::size_t step) const {
    std::vector<const Batch*> batches(jobs_.size(), nullptr);
    for (std::size_t member = 0; member < jobs_.size(); ++member)
      if (!results_[member].stopped && step < jobs_[member].steps.size()) batches[member] = &jobs_[member].steps[step];
    return batches;
  }

  static std::uint64_t next_seed(sim::Draws& draws) {
    const std::uint64_t high = draws.bits();
    return high << 32 | draws.bits();
  }

  static std::optional<CoreTraining<T>> cores_of(const engine::FactorLayout& layout, const TrainingJob& job) {
    if (job.cores.empty()) return std::nullopt;
    EDGEFUSE_EXPECTS(job.correction.empty() && !job.penalty, "they are of factors, and cores are trained");
    return CoreTraining<T>{layout, job.cores};
  }

  /// What the member's optimiser moves: its factors, or its cores.
  [[nodiscard]] std::span<T> numbers(std::size_t member) {
    return cores_[member] ? cores_[member]->numbers() : gang_.factors().values(member);
  }
  /// Their gradients after a pass.
  [[nodiscard]] std::span<T> gradients(std::size_t member) {
    const std::span<T> of_factors = gang_.factors().gradients(member);
    return cores_[member] ? cores_[member]->gradients(of_factors) : of_factors;
  }

  void pull_to_start(std::size_t member, std::span<T> gradients) {
    const std::span<const T> values = numbers(member);
    for (std::size_t i = 0; i < gradients.size(); ++i)
      gradients[i] += static_cast<T>(options_.proximal) * (values[i] - starts_[member][i]);
  }

  void shrink_tail(std::size_t member) {
    const auto& factors = std::as_const(gang_).factors();
    add_tail_gradient<T>(factors.layout(member), layers_, *jobs_[member].penalty, factors.values(member),
                         gang_.factors().gradients(member));
  }

  /// The step that is taken along clip_factor·gradient + correction.
  void correct(std::size_t member, std::span<T> gradients, double clip_factor) {
    for (std::size_t i = 0; i < gradients.size(); ++i)
      gradients[i] = static_cast<T>(clip_factor) * gradients[i] + corrections_[member][i];
  }

  void finish_step(std::size_t member, std::size_t step, double loss) {
    const std::span<T> gradients = this->gradients(member);
    if (options_.proximal > 0) pull_to_start(member, gradients);
    if (jobs_[member].penalty) shrink_tail(member);
    for (const auto& [first, count] : frozen_[member])
      std::ranges::fill(gradients.subspan(first, count), T{0});
    const double gradient_norm = norm(std::span<const T>{gradients});
    results_[member].losses.push_back(loss);
    results_[member].grad_norms.push_back(gradient_norm);
    bool finite = std::isfinite(loss) && std::isfinite(gradient_norm);
    if (finite) finite = move(member, step, gradients, gradient_norm);
    results_[member].stopped = !finite;
  }

  /// One step of the optimiser; undone, and false, when the factors are not finite after it.
  bool move(std::size_t member, std::size_t step, std::span<T> gradients, double gradient_norm) {
    const std::span<T> values = numbers(member);
    const std::vector<T> before(values.begin(), values.end());
    const auto steps = static_cast<std::int64_t>(jobs_[member].steps.size());
    const double rate = rate_at(options_, static_cast<std::int64_t>(step), steps);
    double factor = clip_factor(gradient_norm, options_.clip_norm);
    if (!corrections_[member].empty()) correct(member, gradients, std::exchange(factor, 1.0));
    std::visit([&](auto& optimiser) { optimiser.step(values, std::span<const T>{gradients}, factor, rate); },
               optimisers_[member]);
    for (const auto& [first, count] : frozen_[member])  // weight decay moves what has no gradient
      std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(first), count,
                  values.begin() + static_cast<std::ptrdiff_t>(first));
    const bool finite = std::isfinite(norm(std::span<const T>{values}));
    if (!finite) std::ranges::copy(before, values.begin());
    if (cores_[member]) cores_[member]->put(gang_.factors().values(member));
    return finite;
  }

  std::span<const TrainingJob> jobs_;
  const TrainingOptions& options_;
  std::size_t layers_;
  AnyGang<T> gang_;
  std::vector<std::optional<CoreTraining<T>>> cores_;  // of members that train nothing else
  std::vector<AnyOptimiser<T>> optimisers_;
  std::vector<std::vector<Part>> frozen_;    // of each member's factors
  std::vector<std::vector<T>> starts_;       // each member's initial factors, for FedProx only
  std::vector<std::vector<T>> corrections_;  // of each member's gradients; empty for one that has none
  std::vector<sim::Draws> dropout_seeds_;
  std::vector<TrainedAdapter> results_;
};

}  // namespace

std::vector<TrainedAdapter> train_gang(const Model& variant, std::span<const TrainingJob> jobs,
                                       const TrainingOptions& options) {
  if (jobs.empty()) return {};
  check_jobs(variant, jobs);
  use_one_thread_per_gang();
  const at::NoGradGuard frozen;
  const bool on_host = variant.embedding.device().is_cpu();
  if (variant.embedding.scalar_type() == at::kDouble)
    return on_host ? Training<double, engine::Gang>{variant, jobs, options}.run()
                   : Training<double, engine::TensorGang>{variant, jobs, options}.run();
  EDGEFUSE_EXPECTS(variant.embedding.scalar_type() == at::kFloat, "a model in float32, or float64 for tests");
  return on_host ? Training<float, engine::Gang>{variant, jobs, options}.run()
                 : Training<float, engine::TensorGang>{variant, jobs, options}.run();
}

}  // namespace edgefuse::llm
