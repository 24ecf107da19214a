#include "server/conflict/subspaces.hpp"

#include <ATen/ATen.h>

#include <tuple>

#include "server/fusion/spectrum.hpp"

namespace edgefuse::server {
namespace {

constexpr double negligible = 1e-6;

}  // namespace

Subspaces subspaces_of(const llm::LowRank& change) {
  const auto [out, in] = std::pair{change.b.size(0), change.a.size(1)};
  if (change.a.size(0) == 0)
    return {.rows = at::zeros({0, in}, at::kDouble), .columns = at::zeros({out, 0}, at::kDouble)};
  const auto [u, s, vt] = spectrum_of(change);
  const auto kept = ((s > negligible * s[0]).logical_and(s > 0)).sum().item<std::int64_t>();
  return {.rows = vt.narrow(0, 0, kept), .columns = u.narrow(1, 0, kept)};
}

PrincipalCosines principal_cosines(const at::Tensor& x, const at::Tensor& y) {
  if (x.size(0) == 0 || y.size(0) == 0) return {};
  const auto cosines = at::linalg_svdvals(at::mm(x, y.t())).clamp(0, 1);
  return {.largest = cosines.max().item<double>(), .mean = cosines.mean().item<double>()};
}

}  // namespace edgefuse::server
