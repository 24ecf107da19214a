#include "app/run/fleet_setup.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/run/network_setup.hpp"
#include "clients/device_catalogue.hpp"
#include "sim/mistakes.hpp"
#include "sim/radio.hpp"
#include "sim/registry.hpp"

namespace edgefuse::app {
namespace {

std::optional<sim::Radio> radio(const std::optional<std::string>& name, const Origin& origin) {
  if (!name) return std::nullopt;
  if (const auto* found = sim::find_radio(*name)) return *found;
  std::vector<std::string> known;
  for (const auto& kind : sim::radios())
    known.emplace_back(kind.name);
  refuse_unknown("kind of link", *name, known, origin);
}

}  // namespace

clients::Fleet make_fleet(const scenarios::Scenario& scenario) {
  const auto catalogue = clients::built_in_devices();
  clients::FleetSpec spec{.clients = scenario.fleet.clients,
                          .spread = scenario.fleet.spread,
                          .memory_scale = scenario.fleet.memory_scale,
                          .seed = scenario.seed};
  if (!scenario.network.cells.empty()) spec.cells = cell_shares(scenario.network);
  Mistakes mistakes;
  for (std::size_t i = 0; i < scenario.fleet.groups.size(); ++i) {
    const auto& group = scenario.fleet.groups[i];
    mistakes.attempt([&] {
      const auto key = fmt::format("fleet.group[{}]", i);
      auto device = catalogue.find(group.device, scenario.source.origin(key + ".device"));
      if (!scenario.fleet.throttling) device.throttling.reset();
      spec.groups.push_back({.device = std::move(device),
                             .share = group.share,
                             .count = group.count,
                             .memory = group.memory,
                             .uplink = group.uplink,
                             .downlink = group.downlink,
                             .latency = group.latency,
                             .loss = group.loss,
                             .radio = radio(group.radio, scenario.source.origin(key + ".radio"))});
    });
  }
  mistakes.finish();
  return clients::Fleet{spec};
}

}  // namespace edgefuse::app
