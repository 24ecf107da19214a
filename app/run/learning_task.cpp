#include "app/run/learning_task.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/run/at_key.hpp"
#include "app/run/example_encoder.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::app {
namespace {

/// Up to three domains by name; a client with more holds a mixture.
std::string joined(const std::set<std::string>& domains) {
  return domains.size() > 3 ? "mixed" : fmt::format("{}", fmt::join(domains, "+"));
}

Shard make_shard(const scenarios::Scenario& scenario, const Corpus& corpus, const std::vector<std::size_t>& indices,
                 ExampleEncoder& encoder) {
  const auto most = scenario.data.examples_per_client.value_or(std::numeric_limits<std::int64_t>::max());
  Shard shard;
  std::set<std::string> domains;
  for (const auto i : indices) {
    if (std::ssize(shard.examples) == most) break;
    auto sequence = encoder.encode(corpus.training[i]);
    if (!sequence) continue;
    shard.examples.push_back(std::move(*sequence));
    domains.insert(corpus.labels[i]);
  }
  shard.domain = joined(domains);
  shard.workload = clients::workload(shard.examples, local_schedule(scenario.training));
  shard.workload.step.recompute = scenario.training.recompute;
  return shard;
}

}  // namespace

clients::LocalSchedule local_schedule(const scenarios::Training& training) {
  return {.epochs = training.epochs,
          .steps = training.steps,
          .batch = training.batch,
          .accumulation = training.accumulation};
}

data::Partition divide(const scenarios::Scenario& scenario, const Corpus& corpus,
                       const data::Partitioner& partitioner) {
  return at_key(scenario, "data.partitioner", [&] {
    return partitioner.partition({.labels = corpus.labels, .clients = scenario.fleet.clients, .seed = scenario.seed});
  });
}

LearningTask make_learning_task(const scenarios::Scenario& scenario, const Corpus& corpus,
                                const data::Partition& partition, const llm::Tokenizer& tokenizer) {
  ExampleEncoder encoder{scenario, tokenizer};
  LearningTask task;
  std::vector<std::size_t> with_nothing;
  for (const auto& indices : partition) {
    task.shards.push_back(make_shard(scenario, corpus, indices, encoder));
    if (task.shards.back().examples.empty()) with_nothing.push_back(task.shards.size() - 1);
  }
  if (!with_nothing.empty())
    throw InputError{
        scenario.source.mistake("data",
                                fmt::format("no example leaves anything to predict for {} of {} clients: {}",
                                            with_nothing.size(), partition.size(), fmt::join(with_nothing, ", ")),
                                "use longer texts, fewer clients, or another data.partitioner")};
  task.dropped = encoder.dropped();
  return task;
}

LearningTask make_sizes_only_task(const scenarios::Scenario& scenario) {
  EDGEFUSE_EXPECTS(scenario.fidelity == scenarios::Fidelity::timing && scenario.data.examples_per_client,
                   "a scenario that was read has source \"none\" under timing only, with a number of examples");
  const auto examples = *scenario.data.examples_per_client;
  const auto schedule = local_schedule(scenario.training);
  const Shard shard{.domain = {},
                    .examples = {},
                    .workload = {.examples = examples,
                                 .steps = clients::local_steps(examples, schedule),
                                 .batches = clients::local_batch_count(examples, schedule),
                                 .step = {.rows = std::min(schedule.batch, examples),
                                          .sequence = scenario.data.max_tokens,
                                          .labelled_share = 1,
                                          .recompute = scenario.training.recompute}}};
  return {.shards = {shard}};
}

}  // namespace edgefuse::app
