#include "app/run/core_basis.hpp"

#include <variant>

#include <ATen/ATen.h>

namespace edgefuse::app {

CoreBasis::CoreBasis(const llm::ModelDelta& start, const llm::LoraSpec& spec) : spec_{spec} {
  for (const auto& [id, module] : start) {
    const auto& low = std::get<llm::LowRank>(module);
    const auto lengths = at::linalg_vector_norm(low.b, 2, 0, /*keepdim=*/true);
    first_[id] = at::diag(lengths.squeeze(0) / spec.scale());
    factors_[id] = {.a = low.a, .b = at::where(lengths.gt(0), low.b / lengths, at::zeros_like(low.b))};
  }
}

llm::CoreMatrices CoreBasis::cores_of(const llm::ModelDelta& change) const {
  llm::CoreMatrices cores;
  for (const auto& [id, module] : change) {
    const auto& a = std::get<llm::LowRank>(module).a;
    cores[id] = at::mm(a.to(at::kDouble), factors_.at(id).a.t().to(at::kDouble)).to(at::kFloat);
  }
  return cores;
}

llm::ModelDelta CoreBasis::change_of(const llm::CoreMatrices& cores) const {
  llm::ModelDelta change;
  for (const auto& [id, r] : cores) {
    const auto& [a, b] = factors_.at(id);
    change.emplace(id, llm::LowRank{.a = at::mm(r, a), .b = b * spec_.scale()});
  }
  return change;
}

llm::Cores CoreBasis::seen(const llm::CoreMatrices& cores, const BaseVersion& model, std::size_t variant) const {
  llm::Cores seen;
  for (const auto& [id, factors] : model.seen(factors_, variant))
    seen[id] = {.r = cores.at(id), .basis = factors.a};
  return seen;
}

llm::Adapter CoreBasis::adapter_of(const llm::CoreMatrices& cores, const BaseVersion& model,
                                   std::size_t variant) const {
  llm::Adapter adapter{.spec = spec_, .modules = {}};
  for (const auto& [id, factors] : model.seen(factors_, variant))
    adapter.modules[id] = {.a = at::mm(cores.at(id), factors.a), .b = factors.b.contiguous()};
  return adapter;
}

llm::Adapter as_adapter(const llm::CoreMatrices& cores, const llm::LoraSpec& spec) {
  llm::Adapter adapter{.spec = spec, .modules = {}};
  for (const auto& [id, r] : cores)
    adapter.modules[id] = {.a = r, .b = at::empty({0, spec.rank})};
  return adapter;
}

llm::CoreMatrices as_cores(const llm::Adapter& adapter) {
  llm::CoreMatrices cores;
  for (const auto& [id, factors] : adapter.modules)
    cores[id] = factors.a;
  return cores;
}

}  // namespace edgefuse::app
