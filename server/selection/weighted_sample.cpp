#include "server/selection/weighted_sample.hpp"

#include <cmath>
#include <utility>

#include "server/selection/best.hpp"

namespace edgefuse::server {

std::vector<std::uint32_t> weighted_sample(std::span<const WeightedClient> clients, std::uint64_t count,
                                           sim::Draws& draws) {
  std::vector<RankedClient> ranked;
  ranked.reserve(clients.size());
  for (const auto& [client, weight] : clients) {
    const double log_u = std::log(draws.uniform());
    ranked.push_back({.client = client, .score = log_u / weight, .tie = log_u});  // the key's logarithm
  }
  return best(std::move(ranked), count);
}

}  // namespace edgefuse::server
