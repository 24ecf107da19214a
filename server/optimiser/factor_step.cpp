#include "server/optimiser/factor_step.hpp"

#include <utility>
#include <variant>

#include <ATen/ATen.h>

#include "llm/threads.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

const llm::LowRank& factors_of(const llm::ModelDelta& change, llm::ModuleId id) {
  const auto found = change.find(id);
  EDGEFUSE_EXPECTS(found != change.end(), "who holds factors holds those of every module");
  const auto* factors = std::get_if<llm::LowRank>(&found->second);
  EDGEFUSE_EXPECTS(factors != nullptr, "factors that are stepped are factors");
  return *factors;
}

/// 1 for what is kept of `size`, else 0.
at::Tensor indicator(const Kept& kept, std::int64_t size) {
  return at::tensor(kept.indicator(size)).to(at::kFloat);
}

/// A and B in a row.
at::Tensor flat(const at::Tensor& a, const at::Tensor& b) {
  return at::cat({a.reshape({1, -1}), b.reshape({1, -1})}, 1);
}

}  // namespace

llm::ModelDelta rebased(const Contribution& contribution, const llm::ModelDelta& then, const llm::ModelDelta& now) {
  llm::ModelDelta result;
  for (const auto& [id, delta] : contribution.delta) {
    const auto& came = std::get<llm::LowRank>(delta);
    const auto& began = factors_of(then, id);
    const auto& held = factors_of(now, id);
    const auto [rows, columns] = covered(contribution.coverage, id);
    const auto began_a = began.a * indicator(columns, began.a.size(1));
    const auto began_b = began.b * indicator(rows, began.b.size(0)).unsqueeze(1);
    result.emplace(id, llm::LowRank{.a = came.a + (held.a - began_a), .b = came.b + (held.b - began_b)});
  }
  return result;
}

ServerStep factor_step(const ServerOptimiser& optimiser, const OptimiserState& state, const llm::ModelDelta& held,
                       const llm::ModelDelta& fused, double scale) {
  llm::use_one_thread_per_gang();
  llm::ModelDelta gradient;
  for (const auto& [id, delta] : fused) {
    const auto& to = std::get<llm::LowRank>(delta);
    const auto& from = factors_of(held, id);
    gradient.emplace(id, llm::Dense{flat(to.a - from.a, (to.b - from.b) / scale)});
  }
  auto step = optimiser.step(state, gradient);
  ServerStep result{.change = {}, .state = std::move(step.state)};
  for (const auto& [id, moved] : step.change) {
    const auto& from = factors_of(held, id);
    const auto row = llm::dense(moved);
    const auto of_a = from.a.numel();
    result.change.emplace(
        id, llm::LowRank{.a = from.a + row.narrow(1, 0, of_a).reshape(from.a.sizes()),
                         .b = from.b + scale * row.narrow(1, of_a, from.b.numel()).reshape(from.b.sizes())});
  }
  return result;
}

}  // namespace edgefuse::server
