#include "app/bench/queue_speed.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "app/bench/stopwatch.hpp"
#include "sim/heap_queue.hpp"
#include "sim/ladder_queue.hpp"
#include "sim/random.hpp"
#include "sim/simulator.hpp"

namespace edgefuse::app {
namespace {

enum class HoldEvent : std::uint8_t { next };

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

/// Events a second of `model.hold(events)`, once it is in its steady state.
template <class Model>
double rate_of(Model model, std::uint32_t clients, std::int64_t events) {
  model.hold(clients);
  return static_cast<double>(events) / seconds_of([&] { model.hold(events); });
}

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

class KernelModel {
 public:
  explicit KernelModel(std::uint32_t clients) : simulator_{clients}, handled_(clients) {
    for (std::uint32_t client = 0; client < clients; ++client)
      schedule(client);
  }
  void hold(std::int64_t events) {
    simulator_.run(
        [&](const sim::Event& event, HoldEvent) {
          ++handled_[event.actor];
          schedule(event.actor);
          if (--events == 0) simulator_.stop();
        },
        [&](const sim::Event& event) { __builtin_prefetch(&handled_[event.actor], 1); });
  }

 private:
  void schedule(std::uint32_t client) {
    simulator_.schedule(SimTime{simulator_.now().nanoseconds + increments_.next()}, sim::Phase::client, client,
                        HoldEvent::next);
  }

  sim::Simulator<HoldEvent> simulator_;
  std::vector<std::uint32_t> handled_;
  Increments increments_;
};

class ClosureModel {
 public:
  explicit ClosureModel(std::uint32_t clients) : handled_(clients) {
    for (std::uint32_t client = 0; client < clients; ++client)
      schedule(0, client);
  }
  void hold(std::int64_t events) {
    for (; events > 0; --events) {
      const Entry next = queue_.top();
      queue_.pop();
      next.act(next.time);
    }
  }

 private:
  struct Entry {
    std::int64_t time;
    std::function<void(std::int64_t)> act;
    friend bool operator<(const Entry& a, const Entry& b) { return a.time > b.time; }
  };

  void schedule(std::int64_t now, std::uint32_t client) {
    // Two captures are as many as a std::function holds without a further allocation.
    queue_.push({now + increments_.next(), [this, client](std::int64_t time) {
                   ++handled_[client];
                   schedule(time, client);
                 }});
  }

  std::priority_queue<Entry> queue_;
  std::vector<std::uint32_t> handled_;
  Increments increments_;
};

}  // namespace

QueueSpeed measure_queues(std::uint32_t clients, std::int64_t events, std::int64_t repeats) {
  QueueSpeed best;
  const auto keep = [](double& rate, double measured) { rate = std::max(rate, measured); };
  for (std::int64_t repeat = 0; repeat < repeats; ++repeat) {
    keep(best.ladder, rate_of(QueueModel<sim::LadderQueue>{clients}, clients, events));
    keep(best.heap, rate_of(QueueModel<sim::HeapQueue>{clients}, clients, events));
    keep(best.kernel, rate_of<KernelModel>(KernelModel{clients}, clients, events));
    ClosureModel closures{clients};  // its closures know where it lies
    closures.hold(clients);
    keep(best.closures, static_cast<double>(events) / seconds_of([&] { closures.hold(events); }));
  }
  return best;
}

}  // namespace edgefuse::app
