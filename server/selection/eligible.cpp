#include "server/selection/eligible.hpp"

namespace edgefuse::server {

std::vector<std::uint32_t> eligible_clients(const SelectionRequest& request) {
  std::vector<std::uint32_t> clients;
  for (std::uint32_t client = 0; client < request.population; ++client)
    if (request.eligible(client)) clients.push_back(client);
  return clients;
}

}  // namespace edgefuse::server
