#include "app/check/server_traffic.hpp"

#include <algorithm>
#include <cmath>

#include "app/run/network_setup.hpp"

namespace edgefuse::app {

void ServerTraffic::add(std::uint32_t client, const llm::Plan& plan) {
  const auto overhead = assembly_.scenario.network.message_overhead;
  const auto cell = assembly_.fleet.row(client).cell;
  ++clients_;
  downloads_ += plan.download + overhead;
  uploads_ += plan.upload + overhead;
  auto& copies = copies_[{cell, plan.variant}];
  copies.size = plan.download + overhead;
  ++copies.clients;
  collected_[cell] += plan.upload + overhead;
}

double ServerTraffic::share_picked() const {
  return clients_ == 0
             ? 0
             : static_cast<double>(assembly_.scenario.protocol.clients_per_round) / static_cast<double>(clients_);
}

/// A copy is sent when somebody who asks for it is picked: 1 - (1 - p)^n of n with p each.
Seconds ServerTraffic::down() const {
  const auto link = assembly_.scenario.network.downlink;
  if (!assembly_.methods.protocol->through_aggregators()) return share_picked() * downloads_ / link;
  const double nobody = std::max(0.0, 1 - share_picked());
  std::map<std::uint32_t, Bytes> by_cell;
  for (const auto& [where, copies] : copies_)
    by_cell[where.first] += (1 - std::pow(nobody, static_cast<double>(copies.clients))) * copies.size;
  return busy(by_cell, link);
}

Seconds ServerTraffic::up() const {
  const auto link = assembly_.scenario.network.uplink;
  if (!assembly_.methods.protocol->through_aggregators()) return share_picked() * uploads_ / link;
  const auto most = make_network(assembly_.scenario, assembly_.base, true).dense_update;
  std::map<std::uint32_t, Bytes> by_cell;
  for (const auto& [cell, size] : collected_)
    by_cell[cell] = std::min(share_picked() * size, most);
  return busy(by_cell, link);
}

Seconds ServerTraffic::busy(const std::map<std::uint32_t, Bytes>& by_cell, BytesPerSecond link) const {
  const auto cells = make_network(assembly_.scenario, assembly_.base, true).cells;
  Bytes all{};
  Seconds slowest{};
  for (const auto& [cell, size] : by_cell) {
    all += size;
    slowest = std::max(slowest, size / cells[cell].backhaul);
  }
  return std::max(all / link, slowest);
}

}  // namespace edgefuse::app
