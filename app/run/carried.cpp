#include "app/run/carried.hpp"

#include <algorithm>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "server/fusion/mixing.hpp"
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

void start_from(llm::Adapter& adapter, const llm::ModelDelta& change) {
  for (auto& [id, factors] : adapter.modules) {
    const auto found = change.find(id);
    if (found == change.end()) continue;
    const auto& low = std::get<llm::LowRank>(found->second);
    const auto ranks = std::min(low.a.size(0), factors.a.size(0));
    factors.a.narrow(0, 0, ranks).copy_(low.a.narrow(0, 0, ranks));
    factors.b.narrow(1, 0, ranks).copy_(low.b.narrow(1, 0, ranks) / adapter.spec.scale());
  }
}

}  // namespace edgefuse::app
