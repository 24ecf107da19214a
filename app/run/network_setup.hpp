#pragma once

#include <cstdint>
#include <vector>

#include "app/run/base_model.hpp"
#include "app/run/network.hpp"
#include "scenarios/scenario.hpp"
#include "sim/link.hpp"

namespace edgefuse::app {

/// The share of the fleet in each single cell, in the order of the scenario's kinds of cells.
[[nodiscard]] std::vector<double> cell_shares(const scenarios::Network& network);

/// What lies between the server and the clients; `aggregators` as the protocol wants it.
[[nodiscard]] NetworkSpec make_network(const scenarios::Scenario& scenario, const BaseModel& base, bool aggregators);

/// A client's own link as far as its cell's aggregator: no faster than the cell, and as late as both together.
[[nodiscard]] sim::Link path_to_aggregator(const sim::Link& client, const scenarios::Network& network,
                                           std::uint32_t cell);
/// And on to the server.
[[nodiscard]] sim::Link path_to_server(const sim::Link& client, const scenarios::Network& network, std::uint32_t cell);

}  // namespace edgefuse::app
