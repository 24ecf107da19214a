#include "server/conflict/cr_sign.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/linear_combination.hpp"
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

double l1_norm(std::span<const float> change) {
  double sum = 0;
  for (const auto x : change)
    sum += std::abs(static_cast<double>(x));
  return sum;
}

/// Per entry the weighted sums of the active positive and negative parts.
struct Pull {
  std::vector<double> positive;
  std::vector<double> negative;
};

Pull pull(std::span<const at::Tensor> changes, std::span<const double> weights, double q) {
  const auto n = static_cast<std::size_t>(changes.front().numel());
  Pull sums{std::vector<double>(n, 0.0), std::vector<double>(n, 0.0)};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto change = numbers(changes[i]);
    const double tau = activity_threshold(change, q);
    for (std::size_t e = 0; e < n; ++e) {
      const double x = change[e];
      if (x > tau) sums.positive[e] += weights[i] * x;
      if (-x > tau) sums.negative[e] -= weights[i] * x;
    }
  }
  return sums;
}

/// Losing entries of one change shrink by 1 - beta.
void mitigate(std::span<float> change, const SignConflict& found, const SignConflictOptions& options) {
  const double before = options.rescale ? l1_norm(change) : 0;
  for (std::size_t e = 0; e < change.size(); ++e) {
    const bool loses = found.sign[e] > 0 ? change[e] < 0 : change[e] > 0;
    if (found.conflict[e] != 0 && loses) change[e] = static_cast<float>((1 - options.beta) * change[e]);
  }
  if (!options.rescale) return;
  const double after = l1_norm(change);
  if (after == 0) return;  // every entry lost, nothing is left to scale
  for (auto& x : change)
    x = static_cast<float>(x * (before / after));
}

class CrSign final : public ConflictResolver {
 public:
  explicit CrSign(const SignConflictOptions& options) : options_{options} {}

  [[nodiscard]] ModuleParts resolve(llm::ModuleId /*module*/, ModuleParts parts,
                                    const FusionSeed& /*seed*/) const override {
    if (parts.size() < 2 || options_.beta == 0) return parts;
    auto changes = own_dense(parts);
    const auto found = find_sign_conflict(changes, weights_of(parts), options_);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      mitigate(numbers(changes[i]), found, options_);
      parts[i].delta = llm::Dense{std::move(changes[i])};
    }
    return parts;
  }
  [[nodiscard]] bool keeps_low_rank() const override { return options_.beta == 0; }

 private:
  SignConflictOptions options_;
};

}  // namespace

SignConflict find_sign_conflict(std::span<const at::Tensor> changes, std::span<const double> weights,
                                const SignConflictOptions& options) {
  EDGEFUSE_EXPECTS(!changes.empty() && changes.size() == weights.size(), "each change has a weight");
  const auto [positive, negative] = pull(changes, weights, options.quantile);
  SignConflict found{std::vector<std::uint8_t>(positive.size(), 0), std::vector<std::int8_t>(positive.size(), 0)};
  std::int64_t majority = 0;
  for (std::size_t e = 0; e < positive.size(); ++e) {
    const double p = positive[e];
    const double n = negative[e];
    const double c = p + n > 0 ? 2 * std::min(p, n) / (p + n) : 0;
    found.conflict[e] = c > options.threshold ? 1 : 0;
    found.sign[e] = static_cast<std::int8_t>((p > n) - (p < n));
    majority += found.sign[e];
  }
  for (auto& sign : found.sign)
    if (sign == 0) sign = majority < 0 ? -1 : 1;
  return found;
}

Method<ConflictResolver> cr_sign() {
  return {.name = "cr-sign",
          .summary = "our reading of LoRA-CR: shrink entries that pull against the elected sign",
          .parameters = {{.name = "q",
                          .standard = 0.0,
                          .meaning = "only entries above this quantile of their change's non-zero magnitudes vote",
                          .least = 0,
                          .most = 1},
                         {.name = "t",
                          .standard = 0.0,
                          .meaning = "an entry is in conflict where c = 2 min(p, n) / (p + n) is above this",
                          .least = 0,
                          .most = 1},
                         {.name = "beta",
                          .standard = 1.0,
                          .meaning = "share of a losing entry that is taken away; 0 changes nothing",
                          .least = 0,
                          .most = 1},
                         {.name = "rescale", .standard = false, .meaning = "scale each change back to its L1 norm"}},
          .make = [](const Parameters& p) -> std::unique_ptr<ConflictResolver> {
            return std::make_unique<CrSign>(SignConflictOptions{.quantile = number(p, "q"),
                                                                .threshold = number(p, "t"),
                                                                .beta = number(p, "beta"),
                                                                .rescale = flag(p, "rescale")});
          }};
}

}  // namespace edgefuse::server
