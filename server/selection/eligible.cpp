#include "server/selection/eligible.hpp"

namespace edgefuse::server {

std::vector<std::uint32_t> eligible_clients(const SelectionRequest& request) {
  std::vector<std::uint32_t> clients;
  for_candidates(request, [&](std::uint32_t client) {
    if (request.eligible(client)) clients.push_back(client);
  });
  return clients;
}

}  // namespace edgefuse::server
