#include "server/conflict/sign_conflict.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "server/fusion/dense_parts.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

/// The linear-interpolation q-quantile of |D| over D's non-zero entries; 0 when q is 0 or there are none.
double activity_threshold(std::span<const float> change, double q) {
  if (q == 0) return 0;
  std::vector<float> magnitudes;
  magnitudes.reserve(change.size());
  for (const auto x : change)
    if (x != 0) magnitudes.push_back(std::abs(x));
  if (magnitudes.empty()) return 0;

  const double place = q * static_cast<double>(magnitudes.size() - 1);
  const auto below = magnitudes.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(magnitudes.begin(), below, magnitudes.end());
  const double low = *below;
  const double high = below + 1 == magnitudes.end() ? low : *std::min_element(below + 1, magnitudes.end());
  return low + (high - low) * (place - std::floor(place));
}

/// Per entry the weighted sums of what pulls up and what pulls down.
struct Pull {
  std::vector<double> up;
  std::vector<double> down;
};

Pull pull(std::span<const at::Tensor> changes, std::span<const double> weights, double q) {
  const auto n = static_cast<std::size_t>(changes.front().numel());
  Pull sums{std::vector<double>(n, 0.0), std::vector<double>(n, 0.0)};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto change = numbers(changes[i]);
    EDGEFUSE_EXPECTS(change.size() == n, "the changes of one module have one shape");
    const double tau = activity_threshold(change, q);
    for (std::size_t e = 0; e < n; ++e) {
      const double x = change[e];
      const double pulled = std::abs(x) > tau ? weights[i] * x : 0;
      sums.up[e] += std::max(pulled, 0.0);
      sums.down[e] += std::max(-pulled, 0.0);
    }
  }
  return sums;
}

}  // namespace

SignConflict find_sign_conflict(std::span<const at::Tensor> changes, std::span<const double> weights, double quantile) {
  EDGEFUSE_EXPECTS(!changes.empty() && changes.size() == weights.size(), "each change has a weight");
  const auto [up, down] = pull(changes, weights, quantile);
  SignConflict found{std::vector<double>(up.size(), 0.0), std::vector<std::int8_t>(up.size(), 0)};
  std::int64_t majority = 0;
  for (std::size_t e = 0; e < up.size(); ++e) {
    const double p = up[e];
    const double n = down[e];
    found.mass[e] = p + n > 0 ? 2 * std::min(p, n) / (p + n) : 0;
    found.sign[e] = static_cast<std::int8_t>((p > n) - (p < n));
    majority += found.sign[e];
  }
  for (auto& sign : found.sign)
    if (sign == 0) sign = majority < 0 ? -1 : 1;
  return found;
}

ParameterSpec quantile_parameter() {
  return {.name = "q",
          .standard = 0.0,
          .meaning = "only entries above this quantile of their change's non-zero magnitudes vote",
          .least = 0,
          .most = 1};
}

ParameterSpec threshold_parameter() {
  return {.name = "t",
          .standard = 0.0,
          .meaning = "an entry is in conflict where c = 2 min(p, n) / (p + n) is above this",
          .least = 0,
          .most = 1};
}

}  // namespace edgefuse::server
