#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "app/run/corpus.hpp"
#include "clients/local_data.hpp"
#include "llm/sequence.hpp"
#include "llm/tokenizer.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// What one client holds.
struct Shard {
  std::string domain;                   // what its examples are about; several joined by '+'
  std::vector<llm::Sequence> examples;  // empty under source "none"
  clients::Workload workload;           // of one round
};

/// The corpus divided among the clients and turned into tokens.
struct LearningTask {
  std::vector<Shard> shards;  // one for each client
  Corpus evaluation;          // without its training texts
};

[[nodiscard]] clients::LocalSchedule local_schedule(const scenarios::Training& training);

/// Throws InputError as load_corpus, the partitioner and the tokenizer do.
[[nodiscard]] LearningTask make_learning_task(const scenarios::Scenario& scenario, const llm::Tokenizer& tokenizer,
                                              const std::filesystem::path& assets);
/// Source "none": every client holds `examples_per_client` texts of `max_tokens`, and nobody knows what they say.
[[nodiscard]] LearningTask make_sizes_only_task(const scenarios::Scenario& scenario);

}  // namespace edgefuse::app
