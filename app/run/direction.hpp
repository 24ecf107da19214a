#pragma once

#include <cstdint>
#include <vector>

#include "app/run/timeline.hpp"
#include "sim/shared_link.hpp"
#include "sim/simulator.hpp"

namespace edgefuse::app {

/// One direction of a shared link, an actor of its own: its only pending event is the next end of a transfer.
class Direction {
 public:
  Direction(sim::Simulator<EventKind>& simulator, std::uint32_t actor, sim::SharedLink link)
      : simulator_{simulator}, actor_{actor}, link_{std::move(link)} {}

  [[nodiscard]] std::uint32_t actor() const { return actor_; }

  /// Each changes rates: call await() when all changes of an instant are made.
  void start(std::uint32_t flow, Bytes size, BytesPerSecond rate, std::uint32_t cell) {
    link_.start(simulator_.now(), flow, size, rate, cell);
  }
  void change(std::uint32_t flow, BytesPerSecond rate) { link_.change_cap(simulator_.now(), flow, rate); }
  /// What was carried of it.
  Bytes withdraw(std::uint32_t flow) { return link_.withdraw(simulator_.now(), flow); }
  /// Transfers whose last byte is sent, in order of their numbers.
  [[nodiscard]] std::vector<std::uint32_t> take_ended() { return link_.take_ended(simulator_.now()); }

  void await() {
    simulator_.cancel(actor_);
    if (const auto end = link_.next_end())
      simulator_.schedule(*end, sim::Phase::completion, actor_, EventKind::transfers_sent);
  }

 private:
  sim::Simulator<EventKind>& simulator_;
  std::uint32_t actor_;
  sim::SharedLink link_;
};

}  // namespace edgefuse::app
