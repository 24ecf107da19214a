#include "app/bench/queue_speed.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "app/bench/hold_model.hpp"
#include "app/bench/stopwatch.hpp"
#include "sim/heap_queue.hpp"
#include "sim/ladder_queue.hpp"
#include "sim/simulator.hpp"

namespace edgefuse::app {
namespace {

enum class HoldEvent : std::uint8_t { next };

/// Events a second of `model.hold(events)`, once it is in its steady state.
template <class Model>
double rate_of(Model model, std::uint32_t clients, std::int64_t events) {
  model.hold(clients);
  return static_cast<double>(events) / seconds_of([&] { model.hold(events); });
}

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
