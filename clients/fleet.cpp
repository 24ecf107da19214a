#include "clients/fleet.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sim/expects.hpp"
#include "sim/random.hpp"
#include "sim/rate_step.hpp"

namespace edgefuse::clients {
namespace {

/// Whole numbers that add up to `total` and lie within one of `share · total`.
std::vector<std::int64_t> largest_remainders(const std::vector<double>& shares, std::int64_t total) {
  std::vector<std::int64_t> counts;
  std::vector<double> remainders;
  for (const double share : shares) {
    const double exact = share * static_cast<double>(total);
    counts.push_back(static_cast<std::int64_t>(exact));
    remainders.push_back(exact - std::floor(exact));
  }
  std::vector<std::size_t> order(shares.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return remainders[i]; });
  auto left = total - std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  for (std::size_t i = 0; left > 0; i = (i + 1) % order.size(), --left)
    ++counts[order[i]];
  return counts;
}

std::vector<std::int64_t> group_sizes(const FleetSpec& spec) {
  std::vector<std::int64_t> counts;
  std::vector<double> shares;
  for (const auto& group : spec.groups) {
    EDGEFUSE_EXPECTS(group.count.has_value() != group.share.has_value(), "a group has a share or a count");
    if (group.count) counts.push_back(*group.count);
    if (group.share) shares.push_back(*group.share);
  }
  EDGEFUSE_EXPECTS(counts.empty() != shares.empty(), "all groups have shares, or all have counts");
  if (counts.empty()) {
    EDGEFUSE_EXPECTS(std::abs(std::accumulate(shares.begin(), shares.end(), 0.0) - 1) < 1e-6, "shares add up to 1");
    counts = largest_remainders(shares, spec.clients);
  }
  EDGEFUSE_EXPECTS(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}) == spec.clients,
                   "the groups' counts add up to the number of clients");
  return counts;
}

ClientGroup make_group(const FleetGroup& group, double memory_scale, std::int64_t clients) {
  ClientGroup made{.device = group.device, .loss = group.loss, .clients = clients};
  made.memory = group.memory.value_or(memory_scale * group.device.memory_budget());
  auto& link = made.device.link;
  link.up = group.uplink.value_or(link.up);
  link.down = group.downlink.value_or(link.down);
  link.latency = group.latency.value_or(link.latency);
  link.up = (1 - group.loss) * link.up;
  link.down = (1 - group.loss) * link.down;
  made.device.radio = group.radio.value_or(made.device.radio);
  return made;
}

constexpr std::size_t most_parts = std::size_t{1} << 16;

/// Rounds of sim::Domain::fleet. Round 1 holds the clients' own factors.
constexpr std::uint32_t group_deal = 0;
constexpr std::uint32_t cell_deal = 2;

/// The part every client is dealt: so many times each number as its size says, shuffled.
std::vector<std::uint16_t> dealt(const std::vector<std::int64_t>& sizes, std::uint64_t seed, std::uint32_t round) {
  std::vector<std::uint16_t> parts;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    parts.insert(parts.end(), static_cast<std::size_t>(sizes[i]), static_cast<std::uint16_t>(i));
  sim::Draws deal{{.seed = seed, .domain = sim::Domain::fleet, .round = round}};
  deal.shuffle(parts);
  return parts;
}

}  // namespace

Fleet::Fleet(const FleetSpec& spec) {
  EDGEFUSE_EXPECTS(spec.clients > 0 && spec.clients < std::numeric_limits<std::uint32_t>::max(),
                   "a fleet has clients, and they have 32-bit numbers");
  EDGEFUSE_EXPECTS(spec.groups.size() <= most_parts && spec.cells.size() <= most_parts,
                   "groups and cells have 16-bit numbers");
  const auto sizes = group_sizes(spec);
  for (std::size_t g = 0; g < spec.groups.size(); ++g)
    groups_.push_back(make_group(spec.groups[g], spec.memory_scale, sizes[g]));
  const auto members = dealt(sizes, spec.seed, group_deal);
  const auto cells = spec.cells.empty() ? std::vector<std::uint16_t>(members.size())
                                        : dealt(largest_remainders(spec.cells, spec.clients), spec.seed, cell_deal);
  rows_.reserve(members.size());
  for (std::uint32_t client = 0; client < members.size(); ++client) {
    sim::Draws draws{{.seed = spec.seed, .domain = sim::Domain::fleet, .round = 1, .client = client}};
    const auto factor = [&] { return static_cast<float>(std::exp(spec.spread * draws.normal())); };
    const float compute = factor();
    rows_.push_back({members[client], cells[client], compute, static_cast<float>(sim::on_a_step(factor()))});
  }
}

const ClientRow& Fleet::row(std::uint32_t client) const {
  EDGEFUSE_EXPECTS(client < rows_.size(), "the fleet has this client");
  return rows_[client];
}

sim::Link Fleet::link(std::uint32_t client) const {
  const auto& link = device(client).link;
  const double factor = row(client).link_factor;
  return {.up = factor * link.up, .down = factor * link.down, .latency = link.latency};
}

Seconds Fleet::step_time(std::uint32_t client, sim::Work step) const {
  return sim::step_time(device(client), step) / static_cast<double>(row(client).compute_factor);
}

}  // namespace edgefuse::clients
