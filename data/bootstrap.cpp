#include "data/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "data/design_effect.hpp"
#include "sim/expects.hpp"
#include "sim/random.hpp"

namespace edgefuse::data {
namespace {

/// Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996).
double quantile(const std::vector<double>& sorted, double probability) {
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Interval bootstrap_mean(std::span<const double> values, const BootstrapOptions& options) {
  const std::vector<double> ones(values.size(), 1.0);
  auto interval = bootstrap_ratio(values, ones, options);
  const auto all = [&](double value) { return std::ranges::count(values, value) == std::ssize(values); };
  const double end = std::pow(0.025, 1 / static_cast<double>(values.size()));
  if (all(0)) interval.high = 1 - end;
  if (all(1)) interval.low = end;
  return interval;
}

Interval bootstrap_ratio(std::span<const double> numerators, std::span<const double> denominators,
                         const BootstrapOptions& options) {
  const auto n = numerators.size();
  EDGEFUSE_EXPECTS(n > 0 && n == denominators.size(), "a bootstrap needs instances");
  EDGEFUSE_EXPECTS(options.resamples > 1, "a bootstrap needs resamples");
  double numerator = 0;
  double denominator = 0;
  for (std::size_t i = 0; i < n; ++i) {
    EDGEFUSE_EXPECTS(std::isfinite(numerators[i]) && denominators[i] > 0, "a bootstrap needs finite values");
    numerator += numerators[i];
    denominator += denominators[i];
  }

  sim::Draws draws{{.seed = options.seed, .domain = sim::Domain::bootstrap}};
  std::vector<double> estimates;
  for (std::int64_t r = 0; r < options.resamples; ++r) {
    double top = 0;
    double bottom = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto drawn = draws.below(n);
      top += numerators[drawn];
      bottom += denominators[drawn];
    }
    estimates.push_back(top / bottom);
  }
  std::ranges::sort(estimates);
  return {numerator / denominator, quantile(estimates, 0.025), quantile(estimates, 0.975)};
}

Interval bootstrap_related_mean(std::span<const double> values, std::span<const std::vector<std::size_t>> facts,
                                const BootstrapOptions& options) {
  auto interval = bootstrap_mean(values, options);
  const double effect = design_effect(values, facts);
  if (effect == 1) return interval;
  const auto [smallest, largest] = std::ranges::minmax(values);
  const double wider = std::sqrt(effect);
  interval.low = std::max(smallest, interval.value - wider * (interval.value - interval.low));
  interval.high = std::min(largest, interval.value + wider * (interval.high - interval.value));
  return interval;
}

}  // namespace edgefuse::data
