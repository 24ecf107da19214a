#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/run/corpus.hpp"
#include "clients/local_data.hpp"
#include "data/partitioners/partitioner.hpp"
#include "llm/sequence.hpp"
#include "llm/tokenizer.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// What one client holds.
struct Shard {
  std::string domain;                   // what its examples are about; several joined by '+'
  std::vector<llm::Sequence> examples;  // empty under source "none"; each has something to predict
  clients::Workload workload;           // of one round
};

/// The corpus divided among the clients and turned into tokens.
struct LearningTask {
  std::vector<Shard> shards;  // one for each client, or a single one that stands for each of them
  std::int64_t dropped = 0;   // examples that are in no shard because they leave nothing to predict

  [[nodiscard]] const Shard& shard(std::uint32_t client) const {
    return shards.size() == 1 ? shards.front() : shards[client];
  }
};

[[nodiscard]] clients::LocalSchedule local_schedule(const scenarios::Training& training);

/// Which of the corpus' training examples each client gets. Throws InputError when they cannot be divided so.
[[nodiscard]] data::Partition divide(const scenarios::Scenario& scenario, const Corpus& corpus,
                                     const data::Partitioner& partitioner);

/// Turns every client's part into tokens, as many as `data.examples_per_client` allows. Throws InputError for a client
/// none of whose examples leaves anything to predict.
[[nodiscard]] LearningTask make_learning_task(const scenarios::Scenario& scenario, const Corpus& corpus,
                                              const data::Partition& partition, const llm::Tokenizer& tokenizer);

/// Source "none": every client holds `examples_per_client` texts of `max_tokens`, and nobody knows what they say.
[[nodiscard]] LearningTask make_sizes_only_task(const scenarios::Scenario& scenario);

}  // namespace edgefuse::app
