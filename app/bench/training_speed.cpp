#include "app/bench/training_speed.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <span>
#include <thread>
#include <vector>

#include <ATen/ATen.h>

#include "app/bench/stopwatch.hpp"
#include "llm/engine/work.hpp"
#include "llm/gemm.hpp"
#include "llm/side_by_side.hpp"
#include "llm/threads.hpp"
#include "sim/random.hpp"

namespace edgefuse::app {
namespace {

llm::Sequence random_text(sim::Draws& draws, const llm::Model& model, const TrainingLoad& load) {
  llm::Sequence text;
  for (std::int64_t i = 0; i < load.sequence; ++i) {
    text.ids.push_back(static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(model.config.vocabulary))));
    const bool labelled = !load.answers_only || i + 1 == load.sequence;
    text.labels.push_back(labelled ? text.ids.back() : llm::no_label);
  }
  return text;
}

std::vector<llm::TrainingJob> jobs_of(const llm::Model& model, const TrainingLoad& load) {
  std::vector<llm::TrainingJob> jobs;
  for (std::uint32_t client = 0; client < load.clients; ++client) {
    sim::Draws draws{{.seed = 1, .domain = sim::Domain::test, .round = 0, .client = client}};
    llm::TrainingJob job{llm::make_adapter(model, load.adapter, 1, client), {}};
    for (std::int64_t step = 0; step < load.steps; ++step) {
      llm::Batch& batch = job.steps.emplace_back();
      for (std::int64_t row = 0; row < load.batch; ++row)
        batch.push_back(random_text(draws, model, load));
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

void train_all(const llm::Model& model, std::span<const llm::TrainingJob> jobs, const TrainingLoad& load) {
  const auto size = static_cast<std::size_t>(load.gang);
  llm::all_side_by_side(load.threads, (jobs.size() + size - 1) / size, [&](std::size_t gang) {
    const auto members = jobs.subspan(gang * size, std::min(size, jobs.size() - gang * size));
    static_cast<void>(llm::train_gang(model, members, load.training));
  });
}

/// FLOP/s of c = a·b', the best of several tries.
template <class T>
double product_rate(std::int64_t m, std::int64_t n, std::int64_t k) {
  const auto numbers = [](std::int64_t count) { return std::vector<T>(static_cast<std::size_t>(count), T{0.5F}); };
  const auto a = numbers(m * k);
  const auto b = numbers(n * k);
  std::vector<float> c(static_cast<std::size_t>(m * n));
  double best = std::numeric_limits<double>::infinity();
  for (int attempt = 0; attempt < 6; ++attempt)
    best = std::min(best, seconds_of([&] {
                      llm::multiply({c.data(), m, n, n}, llm::Operand<T>{{a.data(), m, k, k}},
                                    llm::Operand<T>{{b.data(), n, k, k}, true});
                    }));
  return 2 * static_cast<double>(m * n * k) / best;
}

/// The same on the device that holds the model.
double device_product_rate(const llm::Model& model, llm::Precision precision) {
  constexpr std::int64_t side = 4096;
  const auto type = precision == llm::Precision::bf16 ? at::kBFloat16 : at::kFloat;
  const at::Tensor a = at::ones({side, side}, model.embedding.options().dtype(type));
  double best = std::numeric_limits<double>::infinity();
  for (int attempt = 0; attempt < 6; ++attempt)
    best = std::min(best, seconds_of([&] { static_cast<void>(at::matmul(a, a.t())[0][0].item<float>()); }));
  return 2 * static_cast<double>(side * side * side) / best;
}

template <class T>
double host_product_rate(const llm::Model& model) {
  constexpr std::int64_t rows = 1024;
  double best = product_rate<T>(rows, 1024, 1024);
  for (const auto projection : {llm::Projection::q, llm::Projection::gate, llm::Projection::down}) {
    const llm::Linear& linear = model.layers.front().projection(projection);
    best = std::max(best, product_rate<T>(rows, linear.out(), linear.in()));
  }
  return best;
}

double peak_rate(const llm::Model& model, llm::Precision precision) {
  if (!model.embedding.device().is_cpu()) return device_product_rate(model, precision);
  return precision == llm::Precision::bf16 ? host_product_rate<c10::BFloat16>(model) : host_product_rate<float>(model);
}

std::int64_t peak_rss_bytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

/// That `peak_rate` is of one of: a card, or cores whose threads have a gang to work on.
double processors(const llm::Model& variant, const TrainingLoad& load) {
  if (!variant.embedding.device().is_cpu()) return 1;
  const std::int64_t gangs = (load.clients + load.gang - 1) / load.gang;
  const std::int64_t cores = std::max(1U, std::thread::hardware_concurrency());
  return static_cast<double>(std::min({static_cast<std::int64_t>(load.threads), gangs, cores}));
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

}  // namespace

TrainingSpeed measure_training(const llm::Model& variant, const TrainingLoad& load) {
  llm::use_one_thread_per_gang();
  const auto jobs = jobs_of(variant, load);
  const auto work = llm::engine::work_of(variant, jobs);
  std::vector<double> times;
  std::vector<double> peaks;
  for (std::int64_t repeat = 0; repeat < load.repeats; ++repeat) {
    // The peak is taken anew beside each time, since a shared machine's clock changes.
    peaks.push_back(peak_rate(variant, load.training.precision));
    times.push_back(seconds_of([&] { train_all(variant, jobs, load); }));
  }
  const double seconds = median(times);
  const double peak = median(peaks);
  const auto client_steps = static_cast<double>(load.clients * load.steps);
  return {.ms_per_client_step = 1e3 * seconds / client_steps,
          .tokens_per_s = client_steps * static_cast<double>(load.batch * load.sequence) / seconds,
          .gemm_gflops_peak = peak / 1e9,
          .gemm_fraction = work.flops / seconds / (peak * processors(variant, load)),
          .padding_fraction = 1 - work.tokens / work.multiplied_tokens,
          .peak_rss_bytes = peak_rss_bytes()};
}

}  // namespace edgefuse::app
