#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace edgefuse::data {

/// An estimate with its 95 % confidence interval.
struct Interval {
  double value = 0;
  double low = 0;
  double high = 0;
};

struct BootstrapOptions {
  std::uint64_t seed = 1;  // in Domain::bootstrap
  std::int64_t resamples = 2000;
};

/// The mean, with a percentile bootstrap interval (Efron and Tibshirani 1993, ch. 13): instances are drawn with
/// replacement, and the 2.5 % and 97.5 % quantiles of the resampled means are taken (linear interpolation). The draws
/// depend on the seed and the number of instances alone, so models scored on the same items are resampled alike. Where
/// all are 0 or all are 1 there is nothing to resample, and the far end is Clopper and Pearson's (1934) for as many
/// draws: 1 - 0.025^(1/n), or 0.025^(1/n).
/// `values` must not be empty and must be finite.
[[nodiscard]] Interval bootstrap_mean(std::span<const double> values, const BootstrapOptions& options = {});

/// sum(numerators) / sum(denominators), resampled by instance: for means over tokens, whose number differs between
/// sequences. Denominators must be above 0.
[[nodiscard]] Interval bootstrap_ratio(std::span<const double> numerators, std::span<const double> denominators,
                                       const BootstrapOptions& options = {});

/// The mean of items of which some share a fact, and so stand or fall together: the interval of `bootstrap_mean`, its
/// ends moved away from the mean by the square root of the items' design effect (data/design_effect.hpp) and kept
/// between the smallest and the largest value. Without shared facts it is `bootstrap_mean`. `facts[i]` are those of
/// item i.
[[nodiscard]] Interval bootstrap_related_mean(std::span<const double> values,
                                              std::span<const std::vector<std::size_t>> facts,
                                              const BootstrapOptions& options = {});

}  // namespace edgefuse::data
