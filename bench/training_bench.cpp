// One optimiser step of 8 clients, 4 texts of 128 tokens each, rank 8 on q and v, through a model of stories15m's sizes
// with random weights: autograd through the plain forward, client after client, against gangs of one and of eight.
// Items are client steps, so their rates compare directly.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/ATen.h>

#include "llm/adapter.hpp"
#include "llm/pretraining.hpp"
#include "llm/reference.hpp"
#include "llm/threads.hpp"
#include "llm/training.hpp"
#include "sim/random.hpp"

namespace {

using namespace edgefuse;
using namespace edgefuse::llm;

constexpr std::int64_t clients = 8;
constexpr std::int64_t rows = 4;
constexpr std::int64_t sequence = 128;

ModelConfig sizes() {
  ModelConfig config;
  config.hidden = 288;
  config.intermediate = 768;
  config.layers = 6;
  config.heads = config.kv_heads = 6;
  config.head_dim = 48;
  config.vocabulary = 32'000;
  config.max_positions = 256;
  config.tied_head = true;
  return config;
}

const Model& model() {
  static const Model instance = initial_model(sizes(), 1);
  return instance;
}

std::vector<TrainingJob> jobs(bool answers_only) {
  std::vector<TrainingJob> all;
  for (std::uint32_t client = 0; client < clients; ++client) {
    sim::Draws draws{{.seed = 1, .domain = sim::Domain::test, .round = 0, .client = client}};
    Batch batch(rows);
    for (Sequence& text : batch) {
      for (std::int64_t i = 0; i < sequence; ++i) {
        text.ids.push_back(static_cast<std::int64_t>(draws.below(32'000)));
        text.labels.push_back(!answers_only || i + 1 == sequence ? text.ids.back() : no_label);
      }
    }
    const LoraSpec spec{.rank = 8, .alpha = 16, .rslora = false, .targets = {Projection::q, Projection::v}};
    all.push_back({make_adapter(model(), spec, 1, client), {batch}});
  }
  return all;
}

/// The batch as two tensors [rows, sequence].
at::Tensor matrix(const Batch& batch, std::vector<std::int64_t> Sequence::*numbers) {
  std::vector<at::Tensor> all;
  for (const Sequence& text : batch)
    all.push_back(at::tensor(text.*numbers));
  return at::stack(all);
}

void autograd(benchmark::State& state) {
  use_one_thread_per_gang();
  const auto all = jobs(state.range(0) != 0);
  for ([[maybe_unused]] const auto _ : state) {
    for (const TrainingJob& job : all) {
      Adapter leaf{job.initial.spec, {}};
      for (const auto& [id, factors] : job.initial.modules)
        leaf.modules[id] = {factors.a.detach().clone().requires_grad_(), factors.b.detach().clone().requires_grad_()};
      const auto logits = reference_logits(model(), &leaf, matrix(job.steps[0], &Sequence::ids));
      reference_loss(logits, matrix(job.steps[0], &Sequence::labels)).backward();
    }
  }
  state.SetItemsProcessed(state.iterations() * clients);
}

void engine(benchmark::State& state, Precision precision, std::size_t gang) {
  use_one_thread_per_gang();
  const auto all = jobs(state.range(0) != 0);
  const Model held = hold(model(), precision);
  const TrainingOptions options{.precision = precision};
  for ([[maybe_unused]] const auto _ : state)
    for (std::size_t first = 0; first < all.size(); first += gang)
      benchmark::DoNotOptimize(train_gang(held, std::span{all}.subspan(first, gang), options));
  state.SetItemsProcessed(state.iterations() * clients);
}

void arguments(benchmark::internal::Benchmark* bench) {
  bench->ArgName("answers_only")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
}

BENCHMARK(autograd)->Apply(arguments);
BENCHMARK_CAPTURE(engine, fp32_alone, Precision::fp32, 1)->Apply(arguments);
BENCHMARK_CAPTURE(engine, fp32_gang_of_8, Precision::fp32, 8)->Apply(arguments);
BENCHMARK_CAPTURE(engine, bf16_gang_of_8, Precision::bf16, 8)->Apply(arguments);

}  // namespace
