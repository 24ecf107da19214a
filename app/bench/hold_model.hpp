#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/event.hpp"
#include "sim/pending_events.hpp"
#include "sim/random.hpp"

namespace edgefuse::app {

/// Increments drawn beforehand, so that no queue's time has the logarithm's in it.
class Increments {
 public:
  Increments() {
    sim::Draws draws{{.seed = 1}};
    for (auto& increment : table_)
      increment = 1 + static_cast<std::int64_t>(-1e9 * std::log(draws.uniform()));
  }
  std::int64_t next() { return table_[++at_ % table_.size()]; }

 private:
  std::vector<std::int64_t> table_ = std::vector<std::int64_t>(1 << 14);
  std::size_t at_ = 0;
};

/// The hold model on a queue alone: whenever an event is taken, its client's next one is pushed.
template <sim::PendingEvents Queue>
class QueueModel {
 public:
  explicit QueueModel(std::uint32_t clients) {
    for (std::uint32_t client = 0; client < clients; ++client)
      push(0, client);
  }
  void hold(std::int64_t events) {
    for (; events > 0; --events) {
      const sim::Event event = queue_.pop();
      push(event.time.nanoseconds, event.actor);
    }
  }

 private:
  void push(std::int64_t now, std::uint32_t client) {
    queue_.push({SimTime{now + increments_.next()}, client, sequence_++, 0, sim::Phase::client, 0});
  }

  Queue queue_;
  Increments increments_;
  std::uint32_t sequence_ = 0;
};

}  // namespace edgefuse::app
