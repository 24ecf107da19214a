#include "server/optimiser/factor_step.hpp"

#include <utility>
#include <variant>

#include <ATen/ATen.h>

#include "llm/threads.hpp"
#include "server/fusion/rebased.hpp"

namespace edgefuse::server {
namespace {

/// A and B in a row.
at::Tensor flat(const at::Tensor& a, const at::Tensor& b) {
  return at::cat({a.reshape({1, -1}), b.reshape({1, -1})}, 1);
}

}  // namespace

ServerStep factor_step(const ServerOptimiser& optimiser, const OptimiserState& state, const llm::ModelDelta& held,
                       const llm::ModelDelta& fused, double scale) {
  llm::use_one_thread_per_gang();
  llm::ModelDelta gradient;
  for (const auto& [id, delta] : fused) {
    const auto& to = std::get<llm::LowRank>(delta);
    const auto& from = factors_in(held, id);
    gradient.emplace(id, llm::Dense{flat(to.a - from.a, (to.b - from.b) / scale)});
  }
  auto step = optimiser.step(state, gradient);
  ServerStep result{.change = held, .state = std::move(step.state)};
  for (const auto& [id, moved] : step.change) {
    const auto& from = factors_in(held, id);
    const auto row = llm::dense(moved);
    const auto of_a = from.a.numel();
    result.change.insert_or_assign(
        id, llm::LowRank{.a = from.a + row.narrow(1, 0, of_a).reshape(from.a.sizes()),
                         .b = from.b + scale * row.narrow(1, of_a, from.b.numel()).reshape(from.b.sizes())});
  }
  return result;
}

}  // namespace edgefuse::server
