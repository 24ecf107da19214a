#pragma once

#include <cstddef>
#include <vector>

#include "sim/units.hpp"

namespace edgefuse::app {

/// A cell's two links: its clients share one, its aggregator has the other to the server.
struct CellCapacity {
  BytesPerSecond down{};
  BytesPerSecond up{};
  BytesPerSecond backhaul{};
};

/// What lies between the server and the clients' own links.
struct NetworkSpec {
  BytesPerSecond down{};  // of the server, to all clients together
  BytesPerSecond up{};
  Bytes message_overhead{};
  std::vector<CellCapacity> cells{};  // none: the server's link alone is shared

  /// With aggregators models wait in the cells, once for each variant, and updates go on as one for each cell.
  bool aggregators = false;
  std::size_t variants = 1;
  Seconds backhaul_latency{};  // one way
  Bytes dense_update{};        // what an aggregator sends if the factors it has would be more
};

}  // namespace edgefuse::app
