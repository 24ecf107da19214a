#include "server/fusion/pcb.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/largest.hpp"

namespace edgefuse::server {
namespace {

/// Scales to [0, 1]; all 0 where all are equal.
void normalise(std::span<double> x) {
  const auto [low, high] = std::ranges::minmax(x);
  const double range = high - low;
  for (auto& value : x)
    value = range > 0 ? (value - low) / range : 0;
}

/// |D̃|: magnitudes without their tails.
std::vector<double> clamped_magnitudes(std::span<const float> change) {
  auto sizes = magnitudes(change);
  const auto tail = sizes.size() / 10'000;
  const float low = nth_largest(sizes, sizes.size() - tail);
  const float high = nth_largest(sizes, 1 + tail);
  std::vector<double> result(sizes.size());
  std::ranges::transform(sizes, result.begin(), [&](float x) { return std::clamp(x, low, high); });
  return result;
}

/// s_i. β is known up to a factor, which norm takes away: with exp(-T) it cannot overflow.
std::vector<double> importance(std::span<const float> change, std::vector<double> sizes, std::span<const double> sum,
                               double contributions, double density) {
  normalise(sizes);
  std::vector<double> beta(sizes.size());
  for (std::size_t e = 0; e < beta.size(); ++e)
    beta[e] = std::exp(contributions * (sizes[e] * sizes[e] - 1)) * std::tanh(change[e] * sum[e]);
  const auto kept = static_cast<std::size_t>(std::floor(density * static_cast<double>(beta.size())));
  const double least = nth_largest(beta, std::max<std::size_t>(kept, 1));
  for (auto& b : beta)
    b = std::max(b, least);
  normalise(beta);
  return beta;
}

class Pcb final : public ModuleLocalRule {
 public:
  Pcb(double density, double lambda) : density_{density}, lambda_{lambda} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    const auto changes = own_dense(parts);
    const auto size = static_cast<std::size_t>(changes.front().numel());
    if (size == 0) return llm::Dense{changes.front()};  // in another space, of changes that are nothing
    std::vector<double> sum(size, 0.0);
    for (const auto& change : changes)
      std::ranges::transform(sum, numbers(change), sum.begin(), [](double s, float x) { return s + x; });

    std::vector<double> weighted(size, 0.0);
    std::vector<double> weight(size, 0.0);
    for (const auto& change : changes) {
      const auto values = numbers(change);
      const auto sizes = clamped_magnitudes(values);
      const auto s = importance(values, sizes, sum, static_cast<double>(all.contributions), density_);
      for (std::size_t e = 0; e < size; ++e) {
        weighted[e] += s[e] * std::copysign(values[e] == 0 ? 0 : sizes[e], values[e]);
        weight[e] += s[e];
      }
    }
    auto result = at::empty_like(changes.front());
    std::ranges::transform(weighted, weight, numbers(result).begin(),
                           [&](double x, double w) { return w > 0 ? static_cast<float>(lambda_ * (x / w)) : 0; });
    return llm::Dense{result};
  }

  double density_;
  double lambda_;
};

}  // namespace

Method<FusionRule> pcb_rule() {
  return {.name = "pcb",
          .summary = "mean weighted by how important each entry is in its change and to the others (2410.02396)",
          .parameters = {{.name = "density",
                          .standard = 0.1,
                          .meaning = "share of each change's entries, the most important, that is kept",
                          .least = 0,
                          .most = 1},
                         {.name = "lambda", .standard = 1.2, .meaning = "factor on the result"}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<Pcb>(number(p, "density"), number(p, "lambda"));
          }};
}

}  // namespace edgefuse::server
