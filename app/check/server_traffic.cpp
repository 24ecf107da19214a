#include "app/check/server_traffic.hpp"

#include <algorithm>
#include <cmath>

#include "app/run/network_setup.hpp"

namespace edgefuse::app {

ServerTraffic::ServerTraffic(const Assembly& assembly)
    : assembly_{assembly},
      network_{make_network(assembly.scenario, assembly.base, assembly.methods.protocol->through_aggregators())} {}

void ServerTraffic::add(std::uint32_t client, const llm::Plan& plan) {
  const auto download = plan.download + network_.message_overhead;
  const auto upload = plan.upload + network_.message_overhead;
  ++clients_;
  downloads_ += download;
  uploads_ += upload;
  if (!network_.aggregators) return;
  const auto cell = assembly_.fleet.row(client).cell;
  auto& copies = copies_[{cell, plan.variant}];
  copies.size = download;
  ++copies.clients;
  collected_[cell] += upload;
}

double ServerTraffic::share_picked() const {
  return clients_ == 0
             ? 0
             : static_cast<double>(assembly_.scenario.protocol.clients_per_round) / static_cast<double>(clients_);
}

/// A copy is sent when somebody who asks for it is picked: 1 - (1 - p)^n of n with p each.
Seconds ServerTraffic::down() const {
  if (!network_.aggregators) return share_picked() * downloads_ / network_.down;
  const double nobody = std::max(0.0, 1 - share_picked());
  std::map<std::uint32_t, Bytes> by_cell;
  for (const auto& [where, copies] : copies_)
    by_cell[where.first] += (1 - std::pow(nobody, static_cast<double>(copies.clients))) * copies.size;
  return busy(by_cell, network_.down);
}

Seconds ServerTraffic::up() const {
  if (!network_.aggregators) return share_picked() * uploads_ / network_.up;
  std::map<std::uint32_t, Bytes> by_cell;
  for (const auto& [cell, size] : collected_)
    by_cell[cell] = std::min(share_picked() * size, network_.dense_update);
  return busy(by_cell, network_.up);
}

Seconds ServerTraffic::busy(const std::map<std::uint32_t, Bytes>& by_cell, BytesPerSecond link) const {
  Bytes all{};
  Seconds slowest{};
  for (const auto& [cell, size] : by_cell) {
    all += size;
    slowest = std::max(slowest, size / network_.cells[cell].backhaul);
  }
  return std::max(all / link, slowest);
}

}  // namespace edgefuse::app
