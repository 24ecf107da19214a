#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/space.hpp"

namespace edgefuse::server {
namespace {

constexpr double least_singular_value = 1e-5;  // KnOTS' own

/// A' = Q·R of one part's A [r, in].
struct RowBasis {
  at::Tensor q;  // [in, r]
  at::Tensor r;  // [r, r]
};

}  // namespace

/// Of factors: B = [B_1 B_2 ...] = Q_b·R_b and A_i' = Q_i·R_i make [D_1 D_2 ...] = Q_b·C·blockdiag(Q_i'), with the
/// small C = R_b·blockdiag(R_i') = P·S·W'. So U = Q_b·P and V_i = W_i'·Q_i'.
Embedded in_knots_space(const ModuleParts& parts) {
  std::vector<at::Tensor> b;
  std::vector<RowBasis> rows;
  std::vector<at::Tensor> blocks;
  for (const auto& part : parts) {
    const auto& low = factors_of(part);
    b.push_back(low.b.to(at::kDouble));
    const auto [q, r] = at::linalg_qr(low.a.to(at::kDouble).t());
    rows.push_back({.q = q, .r = r});
    blocks.push_back(r.t());
  }
  const auto [q_b, r_b] = at::linalg_qr(at::cat(b, 1));
  const auto [p, s, w] = at::linalg_svd(at::mm(r_b, at::block_diag(blocks)), /*full_matrices=*/false);
  const auto kept = (s > least_singular_value).sum().item<std::int64_t>();
  const auto scaled = s.narrow(0, 0, kept).unsqueeze(1) * w.narrow(0, 0, kept);

  std::vector<at::Tensor> matrices;
  std::int64_t first = 0;
  for (const auto& own : rows) {
    const auto width = own.r.size(0);
    matrices.push_back(at::mm(scaled.narrow(1, first, width), own.q.t()));
    first += width;
  }
  const auto u = at::mm(q_b, p.narrow(1, 0, kept));
  return {.parts = with_matrices(parts, matrices),
          .shape = {kept, shape_of(parts.front().delta).in},
          .lift = [u](const at::Tensor& fused) { return smaller_form({.a = fused.to(at::kDouble), .b = u}); }};
}

Method<FusionRule> knots(Method<FusionRule> inner) {
  auto method = in_space("knots", in_knots_space, std::move(inner));
  for (auto& parameter : method.parameters)
    if (parameter.name == "lambda") parameter.name = "scale";
  method.make = [make = method.make](Parameters given) {
    if (auto scale = given.extract("scale")) {
      scale.key() = "lambda";
      given.insert(std::move(scale));
    }
    return make(given);
  };
  return method;
}

}  // namespace edgefuse::server
