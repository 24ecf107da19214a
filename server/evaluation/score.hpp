#pragma once

#include <cstddef>
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

/// What a figure is the mean of.
struct Items {
  std::vector<double> values;
  std::vector<double> weights{};                  // the figure is Σ values / Σ weights; none: the mean of the values
  std::vector<std::vector<std::size_t>> facts{};  // items that share one are not independent; none: all items are
};

/// The figure over all items. At least one item; weights or facts, not both.
[[nodiscard]] Score overall_score(std::string_view metric, const Items& items, const data::BootstrapOptions& bootstrap);

/// The same for the items of each domain, in alphabetical order. `domains` has an entry for each item.
[[nodiscard]] std::vector<Score> domain_scores(std::string_view metric, std::span<const std::string> domains,
                                               const Items& items, const data::BootstrapOptions& bootstrap);

/// Overall, then by domain; nothing when there are no items.
[[nodiscard]] std::vector<Score> scores_by_domain(std::string_view metric, std::span<const std::string> domains,
                                                  const Items& items, const data::BootstrapOptions& bootstrap);

/// The scores, told what guessing gives.
[[nodiscard]] std::vector<Score> with_chance(double chance, std::vector<Score> scores);

}  // namespace edgefuse::server
