#include "server/optimiser/every_module.hpp"

#include <utility>

#include <ATen/ATen.h>

#include "llm/threads.hpp"

namespace edgefuse::server {

ServerStep every_module(const OptimiserState& state, const llm::ModelDelta& change, std::size_t moments,
                        const ModuleRule& rule, double first_second_moment) {
  llm::use_one_thread_per_gang();
  ServerStep result;
  const auto take = [&](llm::ModuleId id, const at::Tensor& delta, const std::vector<at::Tensor>& before) {
    auto [step, after] = rule(delta, before);
    result.change.emplace(id, llm::Dense{std::move(step)});
    result.state.moments.emplace(id, std::move(after));
  };
  for (const auto& [id, delta] : change) {
    const auto matrix = llm::dense(delta).to(at::kFloat);
    const auto known = state.moments.find(id);
    if (known != state.moments.end()) {
      take(id, matrix, known->second);
      continue;
    }
    std::vector<at::Tensor> first(moments, at::zeros_like(matrix));
    if (moments > 1) first[1] = at::full_like(matrix, first_second_moment);
    take(id, matrix, first);
  }
  for (const auto& [id, before] : state.moments)
    if (change.count(id) == 0) take(id, at::zeros_like(before.front()), before);
  return result;
}

}  // namespace edgefuse::server
