#include "app/run/learning_task.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/partitioners/registry.hpp"
#include "llm/encode.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

data::Partition divide(const scenarios::Scenario& scenario, const Corpus& corpus) {
  const auto partitioner = data::partitioners().make(scenario.data.partitioner, scenario.data.partitioner_settings,
                                                     scenario.source.origin("data.partitioner"),
                                                     scenario.source.origin("data.partitioner_settings"));
  try {
    return partitioner->partition({.labels = corpus.labels, .clients = scenario.fleet.clients, .seed = scenario.seed});
  } catch (const InputError& error) {
    std::vector<Mistake> mistakes;
    for (const auto& mistake : error.mistakes())
      mistakes.push_back(scenario.source.mistake("data.partitioner", mistake.problem, mistake.remedy));
    throw InputError{std::move(mistakes)};
  }
}

/// Up to three domains by name; a client with more holds a mixture.
std::string domains_of(const Corpus& corpus, const std::vector<std::size_t>& indices) {
  std::set<std::string> domains;
  for (const auto i : indices)
    domains.insert(corpus.labels[i]);
  return domains.size() > 3 ? "mixed" : fmt::format("{}", fmt::join(domains, "+"));
}

Shard make_shard(const scenarios::Scenario& scenario, const Corpus& corpus, const llm::Tokenizer& tokenizer,
                 std::vector<std::size_t> indices) {
  if (const auto most = scenario.data.examples_per_client)
    indices.resize(std::min(indices.size(), static_cast<std::size_t>(*most)));
  Shard shard;
  shard.domain = domains_of(corpus, indices);
  const auto loss = scenario.training.loss == scenarios::Loss::answer ? llm::LossOn::answer : llm::LossOn::full;
  for (const auto i : indices) {
    const auto& example = corpus.training[i];
    shard.examples.push_back(
        llm::encode_example(tokenizer, example.prompt, example.answer, loss, scenario.data.max_tokens));
  }
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

LearningTask make_learning_task(const scenarios::Scenario& scenario, const llm::Tokenizer& tokenizer,
                                const std::filesystem::path& assets) {
  auto corpus = load_corpus(scenario, assets);
  LearningTask task;
  for (auto& indices : divide(scenario, corpus))
    task.shards.push_back(make_shard(scenario, corpus, tokenizer, std::move(indices)));
  corpus.training.clear();
  corpus.labels.clear();
  task.evaluation = std::move(corpus);
  return task;
}

LearningTask make_sizes_only_task(const scenarios::Scenario& scenario) {
  if (scenario.fidelity != scenarios::Fidelity::timing || !scenario.data.examples_per_client)
    throw InputError{scenario.source.mistake("data.source", "source \"none\" has sizes only",
                                             "use it with fidelity = \"timing\" and data.examples_per_client")};
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
  LearningTask task;
  task.shards.assign(static_cast<std::size_t>(scenario.fleet.clients), shard);
  return task;
}

}  // namespace edgefuse::app
