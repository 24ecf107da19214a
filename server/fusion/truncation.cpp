#include "server/fusion/truncation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <variant>

#include "llm/threads.hpp"
#include "server/fusion/row_signs.hpp"
#include "server/fusion/spectrum.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

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
  const auto sign = row_signs(rows);
  const auto type = type_of(change);
  Truncated result{.factors = {.a = (sign.unsqueeze(1) * rows).to(type),
                               .b = (u.narrow(1, 0, kept) * (sign * s.narrow(0, 0, kept))).to(type)},
                   .lost = tail_norm(s, kept)};
  const auto whole = tail_norm(s, 0);
  result.lost_share = whole > 0 ? result.lost / whole : 0;
  return result;
}

}  // namespace edgefuse::server
