#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "server/selection/selection.hpp"

namespace edgefuse::server::testing {

using Clients = std::vector<std::uint32_t>;

/// A request in which everybody is eligible, takes (client + 1) seconds and is of device class client % 3.
inline SelectionRequest request_for(std::uint32_t population, std::uint32_t count, std::uint32_t invitation = 1,
                                    const History* history = nullptr) {
  return {.seed = 1,
          .invitation = invitation,
          .population = population,
          .count = count,
          .eligible = [](std::uint32_t) { return true; },
          .predicted = [](std::uint32_t client) { return Seconds{client + 1.0}; },
          .device_class = [](std::uint32_t client) { return client % 3; },
          .history = history};
}

/// The same where only `eligible`, sorted, are.
inline SelectionRequest request_among(const Clients& eligible, std::uint32_t population, std::uint32_t count,
                                      std::uint32_t invitation = 1, const History* history = nullptr) {
  auto request = request_for(population, count, invitation, history);
  request.eligible = [&eligible](std::uint32_t client) { return std::ranges::binary_search(eligible, client); };
  return request;
}

inline Clients selected(const std::string& method, const SelectionRequest& request, const Parameters& parameters = {}) {
  return selections().make(method, parameters)->select(request);
}

/// One participation of `client`, fused.
inline void took_part(History& history, std::uint32_t client, std::int64_t invitation, double took,
                      std::int64_t examples, double loss) {
  history.started(client, invitation);
  history.returned(client, Seconds{took}, examples, loss);
}

}  // namespace edgefuse::server::testing
