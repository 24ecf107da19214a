#include "clients/rank_pruning.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include <ATen/ATen.h>

#include "llm/adamw.hpp"
#include "sim/expects.hpp"

namespace edgefuse::clients {
namespace {

/// Of a float32 matrix, in an order of its numbers that does not depend on threads.
double norm_of(const at::Tensor& matrix) {
  const auto dense = matrix.contiguous();
  return llm::norm(std::span<const float>{dense.data_ptr<float>(), static_cast<std::size_t>(dense.numel())});
}

}  // namespace

std::int64_t ranks_kept(std::int64_t rank, double decay) {
  EDGEFUSE_EXPECTS(rank > 0 && decay > 0 && decay <= 1, "a share of some ranks");
  const double share = decay * static_cast<double>(rank);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::floor(share * (1 + 1e-12))));  // 0.7·10 is 7
}

double tail_size(const llm::Adapter& adapter, std::int64_t kept) {
  double sum = 0;
  for (const auto& [id, factors] : adapter.modules) {
    const auto ranks = factors.a.size(0) - kept;
    if (ranks > 0)
      sum += norm_of(factors.a.narrow(0, kept, ranks)) * norm_of(factors.b.narrow(1, kept, ranks));
  }
  return sum;
}

std::int64_t rank_after(const llm::Adapter& initial, const llm::Adapter& trained, double decay) {
  const auto kept = ranks_kept(trained.spec.rank, decay);
  return tail_size(trained, kept) < tail_size(initial, kept) ? kept : trained.spec.rank;
}

llm::Adapter first_ranks(const llm::Adapter& adapter, std::int64_t kept) {
  EDGEFUSE_EXPECTS(kept > 0 && kept <= adapter.spec.rank, "some of an adapter's ranks");
  if (kept == adapter.spec.rank) return adapter;
  llm::Adapter result{.spec = adapter.spec, .modules = {}};
  result.spec.rank = kept;
  const double factor = adapter.spec.scale() / result.spec.scale();
  for (const auto& [id, factors] : adapter.modules)
    result.modules[id] = {.a = factors.a.narrow(0, 0, kept).contiguous(),
                          .b = (factors.b.narrow(1, 0, kept) * factor).contiguous()};
  return result;
}

}  // namespace edgefuse::clients
