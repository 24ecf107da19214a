#include "server/recovery/factor_coverage.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

namespace edgefuse::server {
namespace {

/// Which of the lines along `dim` hold anything.
Kept lines_with_numbers(const at::Tensor& factor, std::int64_t dim) {
  const auto any = factor.ne(0).any(1 - dim).contiguous();
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < any.size(0); ++i)
    if (any.data_ptr<bool>()[i]) indices.push_back(i);
  if (indices.empty() || static_cast<std::int64_t>(indices.size()) == any.size(0)) return {};
  return Kept::only(std::move(indices));
}

}  // namespace

ModuleCoverage coverage_of_factors(const llm::LowRank& change) {
  return {.rows = lines_with_numbers(change.b, 0), .columns = lines_with_numbers(change.a, 1)};
}

}  // namespace edgefuse::server
