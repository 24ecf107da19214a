#include "clients/policy/allocation.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "sim/expects.hpp"

namespace edgefuse::clients {
namespace {

constexpr double rounding = 1e-12;  // of a mean of shares

using Clients = std::span<const std::vector<Option>>;

/// The largest that is done by then.
std::optional<std::size_t> largest(std::span<const Option> options, Seconds by) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < options.size(); ++i)
    if (options[i].time <= by && (!best || options[i].size > options[*best].size)) best = i;
  return best;
}

/// What the cohort can keep and be done by then; nothing when somebody cannot be done at all.
std::optional<double> mean_kept(Clients clients, Seconds by) {
  double sum = 0;
  for (const auto& options : clients) {
    const auto best = largest(options, by);
    if (!best) return std::nullopt;
    sum += options[*best].kept;
  }
  return sum / static_cast<double>(clients.size());
}

std::vector<Seconds> times(Clients clients) {
  std::vector<Seconds> all;
  for (const auto& options : clients)
    for (const auto& option : options)
      all.push_back(option.time);
  std::ranges::sort(all);
  const auto rest = std::ranges::unique(all);
  all.erase(rest.begin(), rest.end());
  return all;
}

}  // namespace

Allocation allocate(Clients clients, double keep) {
  if (clients.empty()) return {};
  const auto at_most = mean_kept(clients, Seconds{std::numeric_limits<double>::infinity()});
  EDGEFUSE_EXPECTS(at_most.has_value(), "every client of an allocation has an option");
  const double wanted = std::min(keep, *at_most) - rounding;
  const auto all = times(clients);
  const auto feasible = std::ranges::partition_point(all, [&](Seconds by) {
    const auto kept = mean_kept(clients, by);
    return !kept || *kept < wanted;
  });
  Allocation made{.options = {}, .latest = *feasible};
  for (const auto& options : clients)
    made.options.push_back(*largest(options, made.latest));
  return made;
}

}  // namespace edgefuse::clients
