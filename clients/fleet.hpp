#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/device.hpp"
#include "sim/link.hpp"
#include "sim/roofline.hpp"
#include "sim/units.hpp"

namespace edgefuse::clients {

/// Clients of one device class, and what is different about them from the class. Either every group of a fleet has a
/// share (they add up to 1) or every group has a count (they add up to the number of clients).
struct FleetGroup {
  sim::DeviceProfile device;
  std::optional<double> share{};
  std::optional<std::int64_t> count{};
  std::optional<Bytes> memory{};
  std::optional<BytesPerSecond> uplink{};
  std::optional<BytesPerSecond> downlink{};
  std::optional<Seconds> latency{};
  double loss = 0;  // of what is sent, so much is sent again: goodput = rate · (1 - loss)
  std::optional<sim::Radio> radio{};
};

struct FleetSpec {
  std::int64_t clients = 0;
  double spread = 0;        // sigma of the lognormal factors on a client's compute speed and on its link's rates
  double memory_scale = 1;  // times every class's memory budget that its group does not state itself
  std::vector<FleetGroup> groups{};
  std::vector<double> cells{};  // the share of the fleet in each cell of the network; none: there is one cell
  std::uint64_t seed = 0;       // in Domain::fleet
};

/// One client. Speeds are the class's, times these factors.
struct ClientRow {
  std::uint16_t group = 0;
  std::uint16_t cell = 0;
  float compute_factor = 1;
  float link_factor = 1;
};

/// What a group of a fleet came to be.
struct ClientGroup {
  sim::DeviceProfile device;  // with the group's own link and radio
  Bytes memory{};             // what training may use
  double loss = 0;            // of what is sent; the link's rates have it in them
  std::int64_t clients = 0;
};

/// All virtual clients: a row each, no objects, no threads.
class Fleet {
 public:
  /// Deals groups and cells to clients in random order, so a client's device says nothing about its data. Shares become
  /// counts by largest remainders, ties to the earlier group. Client c's factors exp(spread·z), that of its link
  /// rounded to a power of 2^(1/32), come from its own stream: they are the same in every fleet of this seed, whatever
  /// its size.
  explicit Fleet(const FleetSpec& spec);

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(rows_.size()); }
  [[nodiscard]] std::span<const ClientGroup> groups() const { return groups_; }
  [[nodiscard]] const ClientRow& row(std::uint32_t client) const;

  [[nodiscard]] const sim::DeviceProfile& device(std::uint32_t client) const { return group(client).device; }
  [[nodiscard]] Bytes memory(std::uint32_t client) const { return group(client).memory; }
  [[nodiscard]] sim::Link link(std::uint32_t client) const;
  /// The roofline's time for one step on this client.
  [[nodiscard]] Seconds step_time(std::uint32_t client, sim::Work step) const;

 private:
  [[nodiscard]] const ClientGroup& group(std::uint32_t client) const { return groups_[row(client).group]; }

  std::vector<ClientGroup> groups_;
  std::vector<ClientRow> rows_;
};

}  // namespace edgefuse::clients
