#pragma once

#include <cstdint>

namespace edgefuse::app {

/// The hold model (Jones, CACM 29(4), 1986): one pending event for each client; whenever one is handled, the client's
/// next one is scheduled an exponential time ahead. Events a second on one core, all measured in one run.
struct QueueSpeed {
  double ladder = 0;    // sim::LadderQueue alone
  double heap = 0;      // sim::HeapQueue alone
  double closures = 0;  // std::priority_queue of std::function, each capturing its client: the classic
  double kernel = 0;    // sim::Simulator on the ladder: clock, generations, bounds, and a count for each client
};

/// `events` of each kind, after as many as there are clients to reach the steady state; the best of `repeats`.
[[nodiscard]] QueueSpeed measure_queues(std::uint32_t clients, std::int64_t events, std::int64_t repeats);

}  // namespace edgefuse::app
