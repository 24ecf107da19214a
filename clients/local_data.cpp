#include "clients/local_data.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "sim/expects.hpp"
#include "sim/random.hpp"

namespace edgefuse::clients {
namespace {

/// How many parts of at most `size` a whole falls into.
std::int64_t parts(std::int64_t whole, std::int64_t size) {
  return (whole + size - 1) / size;
}

/// The sum of the `rows` largest.
std::int64_t sum_of_largest(std::vector<std::int64_t> counts, std::int64_t rows) {
  const auto end = counts.begin() + std::min(rows, std::ssize(counts));
  std::ranges::partial_sort(counts, end, std::greater{});
  return std::accumulate(counts.begin(), end, std::int64_t{0});
}

}  // namespace

std::int64_t local_batch_count(std::int64_t examples, const LocalSchedule& schedule) {
  EDGEFUSE_EXPECTS(schedule.epochs.has_value() != schedule.steps.has_value(), "a schedule has epochs or steps");
  EDGEFUSE_EXPECTS(schedule.batch > 0 && schedule.accumulation > 0, "a step has batches, and a batch has rows");
  if (examples == 0) return 0;
  return schedule.steps ? *schedule.steps * schedule.accumulation : *schedule.epochs * parts(examples, schedule.batch);
}

std::int64_t local_steps(std::int64_t examples, const LocalSchedule& schedule) {
  return parts(local_batch_count(examples, schedule), schedule.accumulation);
}

Workload workload(std::span<const llm::Sequence> examples, const LocalSchedule& schedule) {
  const auto count = static_cast<std::int64_t>(examples.size());
  Workload made{.examples = count,
                .steps = local_steps(count, schedule),
                .batches = local_batch_count(count, schedule),
                .step = {}};
  made.step.rows = std::min(schedule.batch, std::max<std::int64_t>(count, 1));
  std::vector<std::int64_t> labels;
  for (const auto& example : examples) {
    made.step.sequence = std::max(made.step.sequence, static_cast<std::int64_t>(example.ids.size()));
    labels.push_back(example.label_count());
  }
  if (count > 0) {
    const auto all = std::accumulate(labels.begin(), labels.end(), std::int64_t{0});
    made.step.labelled_share = static_cast<double>(all) / static_cast<double>(count * made.step.sequence);
    made.step.most_labels = sum_of_largest(std::move(labels), made.step.rows);
  }
  return made;
}

std::vector<llm::Batch> local_batches(std::span<const llm::Sequence> examples, const LocalSchedule& schedule,
                                      std::uint64_t seed, std::uint32_t client, std::uint32_t round) {
  const auto count = static_cast<std::size_t>(local_batch_count(static_cast<std::int64_t>(examples.size()), schedule));
  const auto rows = static_cast<std::size_t>(schedule.batch);
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::batch_order, .round = round, .client = client}};
  std::vector<std::size_t> order(examples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<llm::Batch> batches;
  batches.reserve(count);
  while (batches.size() < count) {
    draws.shuffle(order);
    for (std::size_t first = 0; first < order.size() && batches.size() < count; first += rows) {
      auto& batch = batches.emplace_back();
      for (std::size_t i = first; i < std::min(first + rows, order.size()); ++i)
        batch.push_back(examples[order[i]]);
    }
  }
  return llm::accumulated(std::move(batches), schedule.accumulation);
}

}  // namespace edgefuse::clients
