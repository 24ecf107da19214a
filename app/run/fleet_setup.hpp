#pragma once

#include "clients/fleet.hpp"
#include "scenarios/scenario.hpp"
#include "sim/link.hpp"

namespace edgefuse::app {

/// The scenario's fleet from the built-in catalogue. Throws InputError with every unknown device.
[[nodiscard]] clients::Fleet make_fleet(const scenarios::Scenario& scenario);

/// A client's path to the server: the slower of the two links in each direction, both latencies. The server's link is
/// not shared here: every client gets all of it (docs/models/time.md).
[[nodiscard]] sim::Link path_to_server(const sim::Link& client, const scenarios::Network& server);

}  // namespace edgefuse::app
