#include "server/fusion/truncation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <variant>

#include "llm/threads.hpp"
#include "server/fusion/dense_parts.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

/// U·diag(S)·V', S falling; all float64.
struct Spectrum {
  at::Tensor u;   // [out, k]
  at::Tensor s;   // [k]
  at::Tensor vt;  // [k, in]
};

Spectrum spectrum_of(const at::Tensor& matrix) {
  auto [u, s, vt] = at::linalg_svd(matrix, /*full_matrices=*/false);
  return {.u = u, .s = s, .vt = vt};
}

Spectrum spectrum_of(const llm::LowRank& low) {
  const auto [q_b, r_b] = at::linalg_qr(low.b.to(at::kDouble));
  const auto [q_a, r_a] = at::linalg_qr(low.a.to(at::kDouble).t());
  const auto core = spectrum_of(at::mm(r_b, r_a.t()));
  return {.u = at::mm(q_b, core.u), .s = core.s, .vt = at::mm(core.vt, q_a.t())};
}

Spectrum spectrum_of(const llm::ModuleDelta& change) {
  if (const auto* low = std::get_if<llm::LowRank>(&change)) return spectrum_of(*low);
  return spectrum_of(dense_double(change));
}

/// -1 where the first of a row's largest magnitudes is negative, else 1; [k].
at::Tensor signs(const at::Tensor& rows) {
  auto result = at::ones({rows.size(0)}, at::kDouble);
  const auto numbers = rows.contiguous();
  for (std::int64_t row = 0; row < rows.size(0); ++row) {
    const auto* first = numbers.data_ptr<double>() + row * rows.size(1);
    const auto* largest =
        std::max_element(first, first + rows.size(1), [](double x, double y) { return std::abs(x) < std::abs(y); });
    if (*largest < 0) result.data_ptr<double>()[row] = -1;
  }
  return result;
}

/// √Σ s_i² over singular values `first` and on, the smallest first.
double tail_norm(const at::Tensor& s, std::int64_t first) {
  double sum = 0;
  for (auto i = s.size(0); i-- > first;)
    sum += s.data_ptr<double>()[i] * s.data_ptr<double>()[i];
  return std::sqrt(sum);
}

at::ScalarType type_of(const llm::ModuleDelta& change) {
  if (const auto* low = std::get_if<llm::LowRank>(&change)) return low->b.scalar_type();
  return std::get<llm::Dense>(change).matrix.scalar_type();
}

}  // namespace

Truncated truncated(const llm::ModuleDelta& change, std::int64_t rank) {
  EDGEFUSE_EXPECTS(rank >= 0, "a rank is not negative");
  llm::use_one_thread_per_gang();  // a decomposition's last bits may depend on how many threads share it
  const auto [u, s, vt] = spectrum_of(change);
  const auto kept = std::min(rank, s.size(0));
  const auto rows = vt.narrow(0, 0, kept);
  const auto sign = signs(rows);
  const auto type = type_of(change);
  Truncated result{.factors = {.a = (sign.unsqueeze(1) * rows).to(type),
                               .b = (u.narrow(1, 0, kept) * (sign * s.narrow(0, 0, kept))).to(type)},
                   .lost = tail_norm(s, kept)};
  const auto whole = tail_norm(s, 0);
  result.lost_share = whole > 0 ? result.lost / whole : 0;
  return result;
}

}  // namespace edgefuse::server
