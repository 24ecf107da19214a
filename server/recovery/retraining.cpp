#include "server/recovery/retraining.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <utility>

#include "llm/device.hpp"
#include "llm/sequence.hpp"
#include "llm/threads.hpp"
#include "server/fusion/scaled_sum.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"
#include "sim/random.hpp"

namespace edgefuse::server {
namespace {

/// In the streams of clients: no fleet is that large.
constexpr std::uint32_t server_as_client = std::numeric_limits<std::uint32_t>::max();

std::vector<llm::Sequence> sequences_of(std::span<const std::vector<std::int64_t>> texts) {
  std::vector<llm::Sequence> sequences;
  for (const auto& ids : texts)
    if (ids.size() >= 2) sequences.push_back({.ids = ids, .labels = ids});
  if (sequences.empty())
    throw InputError{Mistake{.key = "retraining",
                             .problem = "no text of two tokens or more to train on",
                             .remedy = "give it public text, or 0 steps"}};
  return sequences;
}

/// `count` batches from passes over `texts`, each shuffled anew and laid end to end.
std::vector<llm::Batch> batches_of(std::vector<llm::Sequence> texts, std::int64_t count, std::int64_t rows,
                                   sim::Draws draws) {
  std::vector<llm::Batch> batches(static_cast<std::size_t>(count));
  auto next = texts.size();
  for (auto& batch : batches) {
    for (std::int64_t row = 0; row < rows; ++row) {
      if (next == texts.size()) {
        draws.shuffle(texts);
        next = 0;
      }
      batch.push_back(texts[next++]);
    }
  }
  return batches;
}

}  // namespace

Retrained retrain(const llm::Model& base, const llm::ModelDelta& fused,
                  std::span<const std::vector<std::int64_t>> texts, const RetrainingOptions& options,
                  std::uint64_t seed, std::uint32_t round) {
  EDGEFUSE_EXPECTS(options.steps >= 0 && options.batch > 0, "steps and texts of a step are counts");
  if (options.steps == 0) return {.change = fused, .losses = {}};

  llm::use_one_thread_per_gang();  // a product's last bits may depend on how many threads share it
  const auto model = llm::on_device(llm::apply(base, fused), options.device);
  const sim::Stream stream{
      .seed = seed, .domain = sim::Domain::retraining_batches, .round = round, .client = server_as_client};
  auto dropout = stream;
  dropout.domain = sim::Domain::dropout_seed;
  const std::array job = {
      llm::TrainingJob{.initial = llm::make_adapter(base, options.adapter, seed, server_as_client, round),
                       .steps = batches_of(sequences_of(texts), options.steps, options.batch, sim::Draws{stream}),
                       .randomness = dropout}};
  auto trained = std::move(llm::train_gang(model, job, options.training).front());

  const auto learnt = llm::to_delta(trained.adapter);
  const std::array terms = {Scaled{&fused, 1}, Scaled{&learnt, 1}};
  return {.change = sum(terms), .losses = std::move(trained.losses), .stopped = trained.stopped};
}

}  // namespace edgefuse::server
