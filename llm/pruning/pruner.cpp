#include "llm/pruning/pruner.hpp"

#include <algorithm>
#include <numeric>

namespace edgefuse::llm {

std::vector<std::int64_t> order_by_score(const std::vector<double>& scores) {
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::int64_t i) { return scores[static_cast<std::size_t>(i)]; });
  return order;
}

}  // namespace edgefuse::llm
