#pragma once

#include <cstdint>
#include <vector>

#include "server/selection/selection.hpp"

namespace edgefuse::server {

/// Calls visit(client) for every client that can be eligible, by rising id.
template <class Visit>
void for_candidates(const SelectionRequest& request, const Visit& visit) {
  if (request.among) {
    for (const auto client : *request.among)
      visit(client);
  } else {
    for (std::uint32_t client = 0; client < request.population; ++client)
      visit(client);
  }
}

/// Calls visit(client, record) for every eligible client by rising id; the record is null for one that never took
/// part. The history is walked beside the clients, so all of it costs O(population), without a search for each.
template <class Visit>
void for_eligible(const SelectionRequest& request, const Visit& visit) {
  const History nobody;
  const auto& seen = (request.history != nullptr ? *request.history : nobody).clients();
  auto next = seen.begin();
  for_candidates(request, [&](std::uint32_t client) {
    while (next != seen.end() && next->first < client)
      ++next;
    const bool known = next != seen.end() && next->first == client;
    if (request.eligible(client)) visit(client, known ? &next->second : nullptr);
  });
}

/// By rising id; O(population).
[[nodiscard]] std::vector<std::uint32_t> eligible_clients(const SelectionRequest& request);

}  // namespace edgefuse::server
