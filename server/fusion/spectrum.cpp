#include "server/fusion/spectrum.hpp"

#include <ATen/ATen.h>

#include <tuple>
#include <variant>

#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

Spectrum spectrum_of_matrix(const at::Tensor& matrix) {
  auto [u, s, vt] = at::linalg_svd(matrix, /*full_matrices=*/false);
  return {.u = u, .s = s, .vt = vt};
}

Spectrum spectrum_of_factors(const llm::LowRank& low) {
  const auto [q_b, r_b] = at::linalg_qr(low.b.to(at::kDouble));
  const auto [q_a, r_a] = at::linalg_qr(low.a.to(at::kDouble).t());
  const auto core = spectrum_of_matrix(at::mm(r_b, r_a.t()));
  return {.u = at::mm(q_b, core.u), .s = core.s, .vt = at::mm(core.vt, q_a.t())};
}

}  // namespace

Spectrum spectrum_of(const llm::ModuleDelta& change) {
  if (const auto* low = std::get_if<llm::LowRank>(&change)) return spectrum_of_factors(*low);
  return spectrum_of_matrix(dense_double(change));
}

}  // namespace edgefuse::server
