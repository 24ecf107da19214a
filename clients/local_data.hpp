#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "llm/costs.hpp"
#include "llm/sequence.hpp"

namespace edgefuse::clients {

/// How long a client trains: passes over its examples, or optimiser steps; exactly one of the two is set.
struct LocalSchedule {
  std::optional<std::int64_t> epochs{};
  std::optional<std::int64_t> steps{};
  std::int64_t batch = 8;         // examples in memory at once
  std::int64_t accumulation = 1;  // batches that make one optimiser step
};

/// Batches that go through the model on `examples` examples. Each pass takes ceil(examples / batch) of them, the last
/// one with what is left. 0 without examples.
[[nodiscard]] std::int64_t local_batch_count(std::int64_t examples, const LocalSchedule& schedule);
/// Optimiser steps: ceil(batches / accumulation).
[[nodiscard]] std::int64_t local_steps(std::int64_t examples, const LocalSchedule& schedule);

/// What a client's training will consist of, as far as its cost depends on it. Every step is counted at the client's
/// longest example: an upper bound for time, and for memory, where it is the worst step that has to fit. That step's
/// labels are those of the examples with the most of them, since any examples may meet in a batch.
struct Workload {
  std::int64_t examples = 0;
  std::int64_t steps = 0;    // of the optimiser
  std::int64_t batches = 0;  // that take the time of one step each
  llm::StepShape step;       // of one batch
};
[[nodiscard]] Workload workload(std::span<const llm::Sequence> examples, const LocalSchedule& schedule);

/// What each optimiser step learns from. Every pass shuffles anew, drawing from (seed, client, round) in
/// Domain::batch_order, so a client's data in one round does not depend on who else takes part.
[[nodiscard]] std::vector<llm::Batch> local_batches(std::span<const llm::Sequence> examples,
                                                    const LocalSchedule& schedule, std::uint64_t seed,
                                                    std::uint32_t client, std::uint32_t round);

}  // namespace edgefuse::clients
