#include "server/fusion/core_space.hpp"

#include <ATen/ATen.h>

#include <tuple>
#include <variant>

#include "server/fusion/dense_parts.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {

CoreSpace core_space(const ModuleParts& parts) {
  EDGEFUSE_EXPECTS(!parts.empty(), "a space is spanned by something");
  std::vector<at::Tensor> a;
  std::vector<at::Tensor> b;
  std::vector<at::Tensor> b_unscaled;
  for (const auto& part : parts) {
    const auto& low = factors_of(part);
    a.push_back(low.a.to(at::kDouble));
    b.push_back(low.b.to(at::kDouble));
    b_unscaled.push_back(b.back() / part.scale);
  }
  CoreSpace space{.u = std::get<0>(at::linalg_svd(at::cat(b_unscaled, 1), /*full_matrices=*/false)),
                  .v = std::get<2>(at::linalg_svd(at::cat(a, 0), /*full_matrices=*/false)).t().contiguous(),
                  .cores = {}};
  for (std::size_t i = 0; i < parts.size(); ++i)
    space.cores.push_back(at::mm(at::mm(space.u.t(), b[i]), at::mm(a[i], space.v)));
  return space;
}

llm::LowRank lifted_factors(const CoreSpace& space, const at::Tensor& core) {
  const auto matrix = core.to(at::kDouble);
  if (space.u.size(1) < space.v.size(1)) return {.a = at::mm(matrix, space.v.t()), .b = space.u};
  return {.a = space.v.t().contiguous(), .b = at::mm(space.u, matrix)};
}

llm::ModuleDelta lifted(const CoreSpace& space, const at::Tensor& core) {
  return smaller_form(lifted_factors(space, core));
}

}  // namespace edgefuse::server
