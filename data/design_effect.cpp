#include "data/design_effect.hpp"

#include <algorithm>
#include <map>

#include "sim/expects.hpp"

namespace edgefuse::data {
namespace {

using Indices = std::vector<std::size_t>;

/// The items of each fact.
std::map<std::size_t, Indices> items_by_fact(std::span<const Indices> facts) {
  std::map<std::size_t, Indices> items;
  for (std::size_t i = 0; i < facts.size(); ++i)
    for (const auto fact : facts[i])
      items[fact].push_back(i);
  return items;
}

/// All items that share a fact with this one, each once, itself included.
Indices relatives(std::size_t item, const Indices& facts, const std::map<std::size_t, Indices>& items) {
  Indices found = {item};
  for (const auto fact : facts) {
    const auto& more = items.at(fact);
    found.insert(found.end(), more.begin(), more.end());
  }
  std::ranges::sort(found);
  const auto doubled = std::ranges::unique(found);
  found.erase(doubled.begin(), doubled.end());
  return found;
}

}  // namespace

double design_effect(std::span<const double> values, std::span<const Indices> facts) {
  EDGEFUSE_EXPECTS(!values.empty() && values.size() == facts.size(), "every item says what it is about");
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values)
    mean += value / n;

  const auto items = items_by_fact(facts);
  double independent = 0;
  double together = 0;
  double pairs = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double deviation = values[i] - mean;
    const auto near = relatives(i, facts[i], items);
    independent += deviation * deviation;
    pairs += static_cast<double>(near.size());
    for (const auto j : near)
      together += deviation * (values[j] - mean);
  }
  // Nothing varies, no two items are related, or all are: then nothing tells how far one fact is from another.
  if (independent == 0 || pairs == n || pairs == n * n) return 1;
  return std::max(1.0, together / (1 - pairs / (n * n)) / (independent / (1 - 1 / n)));
}

}  // namespace edgefuse::data
