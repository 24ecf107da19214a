#include "server/evaluation/score.hpp"

#include <map>

#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

data::Interval interval_of(const Items& items, const data::BootstrapOptions& bootstrap) {
  EDGEFUSE_EXPECTS(items.weights.empty() || items.facts.empty(), "items have weights or facts, not both");
  if (!items.weights.empty()) return data::bootstrap_ratio(items.values, items.weights, bootstrap);
  if (!items.facts.empty()) return data::bootstrap_related_mean(items.values, items.facts, bootstrap);
  return data::bootstrap_mean(items.values, bootstrap);
}

Score score_of(std::string_view metric, std::string_view domain, const Items& items,
               const data::BootstrapOptions& bootstrap) {
  const auto interval = interval_of(items, bootstrap);
  return {.metric = std::string{metric},
          .domain = std::string{domain},
          .value = interval.value,
          .low = interval.low,
          .high = interval.high,
          .n = std::ssize(items.values)};
}

void add_item(Items& to, const Items& from, std::size_t i) {
  to.values.push_back(from.values[i]);
  if (!from.weights.empty()) to.weights.push_back(from.weights[i]);
  if (!from.facts.empty()) to.facts.push_back(from.facts[i]);
}

}  // namespace

Score overall_score(std::string_view metric, const Items& items, const data::BootstrapOptions& bootstrap) {
  return score_of(metric, all_domains, items, bootstrap);
}

std::vector<Score> domain_scores(std::string_view metric, std::span<const std::string> domains, const Items& items,
                                 const data::BootstrapOptions& bootstrap) {
  const auto count = items.values.size();
  EDGEFUSE_EXPECTS(domains.size() == count, "every item has a domain");
  EDGEFUSE_EXPECTS(items.weights.empty() || items.weights.size() == count, "every item has a weight");
  EDGEFUSE_EXPECTS(items.facts.empty() || items.facts.size() == count, "every item has facts");
  std::map<std::string_view, Items> groups;
  for (std::size_t i = 0; i < count; ++i)
    add_item(groups[domains[i]], items, i);
  std::vector<Score> scores;
  for (const auto& [domain, group] : groups)
    scores.push_back(score_of(metric, domain, group, bootstrap));
  return scores;
}

std::vector<Score> scores_by_domain(std::string_view metric, std::span<const std::string> domains, const Items& items,
                                    const data::BootstrapOptions& bootstrap) {
  if (items.values.empty()) return {};
  auto scores = domain_scores(metric, domains, items, bootstrap);
  scores.insert(scores.begin(), overall_score(metric, items, bootstrap));
  return scores;
}

std::vector<Score> with_chance(double chance, std::vector<Score> scores) {
  for (auto& score : scores)
    score.chance = chance;
  return scores;
}

}  // namespace edgefuse::server
