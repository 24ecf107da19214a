#include "server/selection/best.hpp"

#include <algorithm>
#include <cstddef>

namespace edgefuse::server {
namespace {

bool better(const RankedClient& a, const RankedClient& b) {
  if (a.score != b.score) return a.score > b.score;
  if (a.tie != b.tie) return a.tie > b.tie;
  return a.client < b.client;
}

}  // namespace

std::vector<std::uint32_t> best(std::vector<RankedClient> clients, std::uint64_t count) {
  if (count < clients.size()) {
    std::ranges::nth_element(clients, clients.begin() + static_cast<std::ptrdiff_t>(count), better);
    clients.resize(static_cast<std::size_t>(count));
  }
  std::vector<std::uint32_t> chosen;
  chosen.reserve(clients.size());
  for (const auto& client : clients)
    chosen.push_back(client.client);
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace edgefuse::server
