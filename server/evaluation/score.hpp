#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/bootstrap.hpp"
#include "data/metric_names.hpp"

namespace edgefuse::server {

/// One measured figure of one model, with its 95 % bootstrap interval. Never NaN: what has no items gives no score.
struct Score {
  std::string metric;
  std::string domain;  // "all" for the figure over all domains
  double value = 0;
  double low = 0;
  double high = 0;
  std::int64_t n = 0;              // items the figure is taken over, which are what the bootstrap draws
  std::optional<double> chance{};  // what guessing gives

  friend bool operator==(const Score&, const Score&) = default;
};

inline constexpr std::string_view all_domains = "all";

namespace metric = data::metric;
/// What guessing one of four letters gives.
inline constexpr double chance_of_a_letter = 0.25;

/// The mean over all items; where `weights` are given, the sum of values over the sum of weights. At least one item.
[[nodiscard]] Score overall_score(std::string_view metric, std::span<const double> values,
                                  std::span<const double> weights, const data::BootstrapOptions& bootstrap);

/// The same for the items of each domain, in alphabetical order. `domains` has an entry for each item.
[[nodiscard]] std::vector<Score> domain_scores(std::string_view metric, std::span<const std::string> domains,
                                               std::span<const double> values, std::span<const double> weights,
                                               const data::BootstrapOptions& bootstrap);

/// Overall, then by domain; nothing when there are no items.
[[nodiscard]] std::vector<Score> scores_by_domain(std::string_view metric, std::span<const std::string> domains,
                                                  std::span<const double> values, std::span<const double> weights,
                                                  const data::BootstrapOptions& bootstrap);

/// The scores, told what guessing gives.
[[nodiscard]] std::vector<Score> with_chance(double chance, std::vector<Score> scores);

}  // namespace edgefuse::server
