#include "app/bench/fusion_speed.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <tuple>

#include <ATen/ATen.h>

#include "app/bench/peak_memory.hpp"
#include "app/bench/stopwatch.hpp"
#include "llm/threads.hpp"
#include "server/fuse.hpp"
#include "sim/error.hpp"
#include "sim/random.hpp"

namespace edgefuse::app {
namespace {

at::Tensor normal(std::int64_t rows, std::int64_t columns, sim::Draws& draws) {
  auto tensor = at::empty({rows, columns}, at::kFloat);
  for (std::int64_t i = 0; i < tensor.numel(); ++i)
    tensor.data_ptr<float>()[i] = static_cast<float>(0.02 * draws.normal());
  return tensor;
}

std::vector<server::Contribution> adapters(const FusionLoad& load) {
  std::vector<server::Contribution> all;
  for (std::uint32_t client = 0; client < static_cast<std::uint32_t>(load.adapters); ++client) {
    sim::Draws draws{{.seed = 1, .domain = sim::Domain::test, .client = client}};
    all.push_back({.client = client, .weight = 1 + draws.uniform(), .delta = {}});
    all.back().delta[{}] =
        llm::LowRank{.a = normal(load.rank, load.shape.in, draws), .b = normal(load.shape.out, load.rank, draws)};
  }
  return all;
}

std::unique_ptr<server::FusionRule> rule_for(const std::string& name, const FusionLoad& load) {
  Parameters parameters;
  if (name == "flexlora") parameters["rank"] = static_cast<double>(load.rank);
  return server::fusion_rules().make(name, parameters, {.key = "--methods"});
}

llm::ModuleDelta fused(const std::vector<server::Contribution>& contributions, const server::FusionRule& rule) {
  const auto none = server::conflict_resolvers().make("none");
  return server::fuse(contributions, *none, rule).begin()->second;
}

RuleSpeed measure(const std::string& name, const FusionLoad& load,
                  const std::vector<server::Contribution>& contributions, std::int64_t repeats) {
  RuleSpeed speed{.rule = name, .seconds = std::numeric_limits<double>::infinity()};
  const auto rule = rule_for(name, load);
  try {
    for (std::int64_t i = 0; i < repeats; ++i) {
      const PeakMemory memory;
      speed.seconds = std::min(speed.seconds, seconds_of([&] { (void)fused(contributions, *rule); }));
      speed.peak_bytes = std::max(speed.peak_bytes, memory.grown());
    }
  } catch (const InputError& error) {
    speed.seconds = std::numeric_limits<double>::quiet_NaN();
    speed.refused = error.mistakes().front().problem;
  }
  return speed;
}

}  // namespace

std::vector<RuleSpeed> measure_rules(const FusionLoad& load, const std::vector<std::string>& rules,
                                     std::int64_t repeats) {
  llm::use_one_thread_per_gang();
  const auto contributions = adapters(load);
  std::vector<RuleSpeed> speeds;
  for (const auto& rule : rules)
    speeds.push_back(measure(rule, load, contributions, repeats));
  return speeds;
}

DenseSpeed measure_dense_svd(const FusionLoad& load, bool in_float64) {
  llm::use_one_thread_per_gang();
  const auto contributions = adapters(load);
  double total = 0;
  for (const auto& contribution : contributions)
    total += contribution.weight;
  DenseSpeed speed;
  at::Tensor dense;
  const PeakMemory memory;
  speed.dense_seconds = seconds_of([&] {
    auto sum = at::zeros({load.shape.out, load.shape.in}, in_float64 ? at::kDouble : at::kFloat);
    for (const auto& contribution : contributions)
      sum.add_(llm::dense(contribution.delta.begin()->second), contribution.weight / total);
    const auto [u, s, v] = at::linalg_svd(sum, /*full_matrices=*/false);
    dense = at::mm(u.narrow(1, 0, load.rank) * s.narrow(0, 0, load.rank), v.narrow(0, 0, load.rank));
  });
  speed.dense_peak_bytes = memory.grown();
  const auto rule = rule_for("flexlora", load);
  llm::ModuleDelta factors;
  speed.factors_seconds = seconds_of([&] { factors = fused(contributions, *rule); });
  speed.difference = ((llm::dense(factors) - dense).abs().max() / dense.abs().max()).item<double>();
  return speed;
}

}  // namespace edgefuse::app
