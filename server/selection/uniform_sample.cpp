#include "server/selection/uniform_sample.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <utility>

#include "server/selection/eligible.hpp"

namespace edgefuse::server {
namespace {

using Clients = std::vector<std::uint32_t>;

Clients without(const Clients& clients, const Clients& chosen) {
  Clients rest;
  std::ranges::set_difference(clients, chosen, std::back_inserter(rest));
  return rest;
}

Clients joined(const Clients& a, const Clients& b) {
  Clients both;
  both.reserve(a.size() + b.size());
  std::ranges::merge(a, b, std::back_inserter(both));
  return both;
}

/// Sorts numbers below `population` that were drawn uniformly, in linear time: into buckets of equal width by counting,
/// then by insertion.
void sort_drawn(Clients& clients, std::uint64_t population) {
  const auto bucket = [&](std::uint32_t client) { return std::uint64_t{client} * clients.size() / population; };
  std::vector<std::uint32_t> place(clients.size() + 1, 0);
  for (const auto client : clients)
    ++place[bucket(client) + 1];
  std::partial_sum(place.begin(), place.end(), place.begin());
  Clients sorted(clients.size());
  for (const auto client : clients)
    sorted[place[bucket(client)]++] = client;
  for (std::size_t i = 1; i < sorted.size(); ++i)
    for (std::size_t j = i; j > 0 && sorted[j - 1] > sorted[j]; --j)
      std::swap(sorted[j - 1], sorted[j]);
  clients = std::move(sorted);
}

/// The eligible ones among `number` clients drawn with replacement, each once, by rising id.
Clients drawn(const SelectionRequest& request, std::uint64_t number, sim::Draws& draws) {
  Clients clients;
  clients.reserve(number);
  for (std::uint64_t i = 0; i < number; ++i) {
    const auto client = static_cast<std::uint32_t>(draws.below(request.population));
    if (request.eligible(client)) clients.push_back(client);
  }
  sort_drawn(clients, request.population);
  clients.erase(std::ranges::unique(clients).begin(), clients.end());
  return clients;
}

}  // namespace

sim::Draws selection_draws(const SelectionRequest& request) {
  return sim::Draws{{.seed = request.seed, .domain = sim::Domain::selection, .round = request.invitation}};
}

std::vector<std::uint32_t> uniform_subset(const std::vector<std::uint32_t>& clients, std::uint64_t count,
                                          sim::Draws& draws) {
  const auto population = static_cast<std::uint32_t>(clients.size());
  if (count >= population) return clients;
  auto places = draws.sample(population, static_cast<std::uint32_t>(count));
  std::ranges::sort(places);
  for (auto& place : places)
    place = clients[place];
  return places;
}

std::vector<std::uint32_t> uniform_sample(const SelectionRequest& request, std::uint64_t count, sim::Draws& draws) {
  if (request.among || count >= request.population / 2) return uniform_subset(eligible_clients(request), count, draws);
  Clients chosen;
  // A batch never holds more than are missing, so the chosen are the first `count` distinct clients of the stream of
  // draws: uniform, and so is what is added to them below, as when to stop knows no client from another.
  std::uint64_t left = std::max<std::uint64_t>(16 * count, request.population / 16);
  while (chosen.size() < count && left > 0) {
    const auto batch = std::min<std::uint64_t>(count - chosen.size(), left);
    left -= batch;
    const auto fresh = without(drawn(request, batch, draws), chosen);
    if (!fresh.empty()) chosen = joined(chosen, fresh);
  }
  if (chosen.size() == count) return chosen;
  const auto rest = without(eligible_clients(request), chosen);
  return joined(chosen, uniform_subset(rest, count - chosen.size(), draws));
}

}  // namespace edgefuse::server
