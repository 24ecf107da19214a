#include "server/fusion/factor_sum.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "server/fusion/dense_parts.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {

llm::LowRank factor_sum(const ModuleParts& parts, std::span<const double> of_b, std::span<const double> of_a) {
  EDGEFUSE_EXPECTS(parts.size() == of_b.size() && parts.size() == of_a.size(), "each part has its coefficients");
  const auto shape = shape_of(parts.front().delta);
  std::int64_t rank = 0;
  for (const auto& part : parts)
    rank = std::max(rank, factors_of(part).a.size(0));
  llm::LowRank sum{.a = at::zeros({rank, shape.in}, at::kDouble), .b = at::zeros({shape.out, rank}, at::kDouble)};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& low = factors_of(parts[i]);
    sum.a.narrow(0, 0, low.a.size(0)) += of_a[i] * low.a.to(at::kDouble);
    sum.b.narrow(1, 0, low.b.size(1)) += of_b[i] * low.b.to(at::kDouble);
  }
  return sum;
}

void require_one_rank(const ModuleParts& parts, const char* rule) {
  const auto first = factors_of(parts.front()).a.size(0);
  for (const auto& part : parts) {
    const auto rank = factors_of(part).a.size(0);
    if (rank != first)
      throw InputError{
          Mistake{.key = fmt::format("adapter of client {}", part.client),
                  .problem = fmt::format("has rank {}, another has {}, and \"{}\" adds factors", rank, first, rule),
                  .remedy = "use stack, weighted-mean, flexlora, or hetlora, which pads"}};
  }
}

}  // namespace edgefuse::server
