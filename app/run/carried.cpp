#include "app/run/carried.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "server/fusion/scaled_sum.hpp"
#include "server/fusion/truncation.hpp"

namespace edgefuse::app {

llm::ModelDelta cut(llm::ModelDelta change, std::int64_t rank) {
  for (auto& [id, module] : change) {
    const auto* low = std::get_if<llm::LowRank>(&module);
    if (low == nullptr || low->a.size(0) > rank) module = server::truncated(module, rank).factors;
  }
  return change;
}

llm::ModelDelta difference(const llm::ModelDelta& whole, const llm::ModelDelta& part) {
  const std::vector<server::Scaled> terms = {{&whole, 1.0}, {&part, -1.0}};
  return server::sum(terms);
}

llm::Adapter as_adapter(const llm::ModelDelta& change, const llm::LoraSpec& spec) {
  llm::Adapter adapter{.spec = spec, .modules = {}};
  for (const auto& [id, module] : change) {
    const auto& low = std::get<llm::LowRank>(module);
    const auto ranks = std::min(low.a.size(0), spec.rank);
    adapter.modules[id] = {.a = low.a.narrow(0, 0, ranks), .b = low.b.narrow(1, 0, ranks) / spec.scale()};
  }
  return adapter;
}

void start_from(llm::Adapter& adapter, const llm::Adapter& carried) {
  for (auto& [id, factors] : adapter.modules) {
    const auto found = carried.modules.find(id);
    if (found == carried.modules.end()) continue;
    const auto& [a, b] = found->second;
    factors.a.narrow(0, 0, a.size(0)).copy_(a);
    factors.b.narrow(1, 0, b.size(1)).copy_(b);
  }
}

llm::Adapter plus_unsent(llm::Adapter arrived, const llm::Adapter& held, const llm::Adapter& sent) {
  const double scale = held.spec.scale() / arrived.spec.scale();
  for (auto& [id, factors] : arrived.modules) {
    const auto found = held.modules.find(id);
    if (found == held.modules.end()) continue;
    const auto& [held_a, held_b] = found->second;
    const auto& [sent_a, sent_b] = sent.modules.at(id);
    auto a = factors.a.clone();
    auto b = factors.b.clone();
    const auto ranks = std::min(held_a.size(0), a.size(0));
    a.narrow(0, 0, ranks).add_((held_a - sent_a).narrow(0, 0, ranks));
    b.narrow(1, 0, ranks).add_((held_b - sent_b).narrow(1, 0, ranks) * scale);
    factors = {.a = std::move(a), .b = std::move(b)};
  }
  return arrived;
}

void keep_frozen(llm::Adapter& adapter, const llm::Adapter& held, llm::Factors trained) {
  const double scale = held.spec.scale() / adapter.spec.scale();
  for (auto& [id, factors] : adapter.modules) {
    const auto found = held.modules.find(id);
    if (found == held.modules.end()) continue;
    const auto ranks = std::min(found->second.a.size(0), factors.a.size(0));
    if (trained == llm::Factors::b) factors.a.narrow(0, 0, ranks).copy_(found->second.a.narrow(0, 0, ranks));
    if (trained == llm::Factors::a) factors.b.narrow(1, 0, ranks).copy_(found->second.b.narrow(1, 0, ranks) * scale);
  }
}

}  // namespace edgefuse::app
