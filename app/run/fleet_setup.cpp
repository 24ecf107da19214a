#include "app/run/fleet_setup.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "clients/device_catalogue.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {

clients::Fleet make_fleet(const scenarios::Scenario& scenario) {
  const auto catalogue = clients::built_in_devices();
  clients::FleetSpec spec{.clients = scenario.fleet.clients,
                          .spread = scenario.fleet.spread,
                          .memory_scale = scenario.fleet.memory_scale,
                          .seed = scenario.seed};
  Mistakes mistakes;
  for (std::size_t i = 0; i < scenario.fleet.groups.size(); ++i) {
    const auto& group = scenario.fleet.groups[i];
    mistakes.attempt([&] {
      spec.groups.push_back(
          {.device = catalogue.find(group.device, scenario.source.origin(fmt::format("fleet.group[{}].device", i))),
           .share = group.share,
           .count = group.count,
           .memory = group.memory,
           .uplink = group.uplink,
           .downlink = group.downlink,
           .latency = group.latency});
    });
  }
  mistakes.finish();
  return clients::Fleet{spec};
}

sim::Link path_to_server(const sim::Link& client, const scenarios::Network& server) {
  return {.up = std::min(client.up, server.uplink),
          .down = std::min(client.down, server.downlink),
          .latency = client.latency + server.latency};
}

}  // namespace edgefuse::app
