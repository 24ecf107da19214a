#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/parameters.hpp"
#include "sim/units.hpp"

/// What a scenario says of the clients and their surroundings (scenarios/scenario.hpp has the rest).
namespace edgefuse::scenarios {

/// Parameters of one method, such as { lambda = 0.3, scope = "layer" }; the method's registry knows which exist.
using Settings = Parameters;

/// Clients of one device class. Either every group of a fleet has a share or every group has a count.
struct DeviceGroup {
  std::string device;
  std::optional<double> share;
  std::optional<std::int64_t> count;
  std::optional<Bytes> memory;  // what training may use, instead of what the class says
  std::optional<BytesPerSecond> uplink;
  std::optional<BytesPerSecond> downlink;
  std::optional<Seconds> latency;
  double loss = 0;                          // of what is sent, so much arrives only after it is sent again
  std::optional<std::string> radio;         // a kind of link, instead of the class's own
  std::optional<std::string> trace;         // file or folder of rate traces, instead of constant rates
  std::optional<std::string> availability;  // a model, instead of the fleet's
  Settings availability_settings{};         // of the group's own model

  friend bool operator==(const DeviceGroup&, const DeviceGroup&) = default;
};

struct Fleet {
  std::int64_t clients = 8;
  double spread = 0;
  double memory_scale = 1;     // times every memory budget that a group does not state itself
  double background_load = 0;  // mean share of a device's speed that other programs take
  bool throttling = true;      // whether devices that can become too warm do
  std::string availability = "always";
  Settings availability_settings{};
  std::vector<DeviceGroup> groups;  // [[fleet.group]], at least one

  friend bool operator==(const Fleet&, const Fleet&) = default;
};

/// Clients that share a cell, or an access network, on their way to the server.
struct Cell {
  std::int64_t number = 1;  // of such cells
  double share = 1;         // of the fleet, in all of them together
  BytesPerSecond uplink{};
  BytesPerSecond downlink{};
  Seconds latency{};
  std::optional<BytesPerSecond> backhaul;  // between the cell's aggregator and the server, each way

  friend bool operator==(const Cell&, const Cell&) = default;
};

/// The server's own link, seen from the clients: updates come in through the uplink.
struct Network {
  BytesPerSecond uplink{125e6};
  BytesPerSecond downlink{125e6};
  Seconds latency{0.02};
  Bytes message_overhead{};  // sent with every model and every update
  std::vector<Cell> cells;   // [[network.cell]]; none: every client has the server's link before it

  friend bool operator==(const Network&, const Network&) = default;
};

/// What befalls clients while they take part.
struct Failures {
  double crash = 0;      // share of participations that die while they train
  double corrupt = 0;    // share of updates that arrive damaged
  double slow_down = 0;  // share of participations that compute slower
  double slow_down_factor = 3;

  friend bool operator==(const Failures&, const Failures&) = default;
};

enum class Power : std::uint8_t { mains, nightly };

/// How devices that have a battery are powered.
struct Battery {
  Power power = Power::mains;
  double least = 0.3;        // charge below which a client does not start
  double plugged_from = 22;  // hour of the day in its time zone
  double plugged_to = 7;
  Watts charger{10};
  Watts drain{0.1};  // drawn by everything else, day and night

  friend bool operator==(const Battery&, const Battery&) = default;
};

struct Energy {
  double carbon = 0;  // g CO2e per kWh
  double price = 0;   // money per kWh

  friend bool operator==(const Energy&, const Energy&) = default;
};

}  // namespace edgefuse::scenarios
