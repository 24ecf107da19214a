#include "server/evaluation/score.hpp"

#include <map>

#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

struct Items {
  std::vector<double> values;
  std::vector<double> weights;
};

Score score_of(std::string_view metric, std::string_view domain, std::span<const double> values,
               std::span<const double> weights, const data::BootstrapOptions& bootstrap) {
  const auto interval =
      weights.empty() ? data::bootstrap_mean(values, bootstrap) : data::bootstrap_ratio(values, weights, bootstrap);
  return {.metric = std::string{metric},
          .domain = std::string{domain},
          .value = interval.value,
          .low = interval.low,
          .high = interval.high,
          .n = std::ssize(values)};
}

}  // namespace

Score overall_score(std::string_view metric, std::span<const double> values, std::span<const double> weights,
                    const data::BootstrapOptions& bootstrap) {
  return score_of(metric, all_domains, values, weights, bootstrap);
}

std::vector<Score> domain_scores(std::string_view metric, std::span<const std::string> domains,
                                 std::span<const double> values, std::span<const double> weights,
                                 const data::BootstrapOptions& bootstrap) {
  EDGEFUSE_EXPECTS(domains.size() == values.size(), "every item has a domain");
  EDGEFUSE_EXPECTS(weights.empty() || weights.size() == values.size(), "every item has a weight");
  std::map<std::string_view, Items> groups;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto& group = groups[domains[i]];
    group.values.push_back(values[i]);
    if (!weights.empty()) group.weights.push_back(weights[i]);
  }
  std::vector<Score> scores;
  for (const auto& [domain, items] : groups)
    scores.push_back(score_of(metric, domain, items.values, items.weights, bootstrap));
  return scores;
}

std::vector<Score> scores_by_domain(std::string_view metric, std::span<const std::string> domains,
                                    std::span<const double> values, std::span<const double> weights,
                                    const data::BootstrapOptions& bootstrap) {
  if (values.empty()) return {};
  auto scores = domain_scores(metric, domains, values, weights, bootstrap);
  scores.insert(scores.begin(), overall_score(metric, values, weights, bootstrap));
  return scores;
}

std::vector<Score> with_chance(double chance, std::vector<Score> scores) {
  for (auto& score : scores)
    score.chance = chance;
  return scores;
}

}  // namespace edgefuse::server
