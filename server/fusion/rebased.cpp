#include "server/fusion/rebased.hpp"

#include <algorithm>
#include <cstdint>
#include <variant>

#include <ATen/ATen.h>

#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

/// 1 for what is kept of `size`, else 0.
at::Tensor indicator(const Kept& kept, std::int64_t size) {
  return at::tensor(kept.indicator(size)).to(at::kFloat);
}

/// `came` and beside it, in the ranks that all have, how the server's factor differs from what the client had of it.
at::Tensor moved(const at::Tensor& came, const at::Tensor& held, const at::Tensor& began, std::int64_t dim) {
  const auto ranks = std::min({came.size(dim), held.size(dim), began.size(dim)});
  auto result = came.clone();
  result.narrow(dim, 0, ranks).add_(held.narrow(dim, 0, ranks) - began.narrow(dim, 0, ranks));
  return result;
}

llm::LowRank first_ranks(const llm::LowRank& factors, std::int64_t most) {
  const auto ranks = std::min(most, factors.a.size(0));
  return {.a = factors.a.narrow(0, 0, ranks), .b = factors.b.narrow(1, 0, ranks)};
}

}  // namespace

const llm::LowRank& factors_in(const llm::ModelDelta& change, llm::ModuleId id) {
  const auto found = change.find(id);
  EDGEFUSE_EXPECTS(found != change.end(), "who holds factors holds those of every module");
  const auto* factors = std::get_if<llm::LowRank>(&found->second);
  EDGEFUSE_EXPECTS(factors != nullptr, "factors are a low-rank change");
  return *factors;
}

llm::ModelDelta rebased(const Contribution& contribution, const llm::ModelDelta& then, const llm::ModelDelta& now) {
  auto result = contribution.delta;
  std::int64_t rank = 0;
  for (const auto& [id, delta] : contribution.delta)
    rank = std::max(rank, std::get<llm::LowRank>(delta).a.size(0));
  for (const auto& [id, delta] : now) {
    const auto& held = factors_in(now, id);
    const auto found = contribution.delta.find(id);
    if (found == contribution.delta.end()) {
      result.emplace(id, first_ranks(held, rank));
      continue;
    }
    if (!then.contains(id)) continue;  // it began with factors of its own
    const auto& came = std::get<llm::LowRank>(found->second);
    const auto& began = factors_in(then, id);
    const auto [rows, columns] = covered(contribution.coverage, id);
    const auto began_a = began.a * indicator(columns, began.a.size(1));
    const auto began_b = began.b * indicator(rows, began.b.size(0)).unsqueeze(1);
    result.at(id) = llm::LowRank{.a = moved(came.a, held.a, began_a, 0), .b = moved(came.b, held.b, began_b, 1)};
  }
  return result;
}

}  // namespace edgefuse::server
