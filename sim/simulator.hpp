#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "sim/error.hpp"
#include "sim/event.hpp"
#include "sim/expects.hpp"
#include "sim/heap_queue.hpp"
#include "sim/pending_events.hpp"
#include "sim/time.hpp"

namespace edgefuse::sim {

struct SimulatorCounts {
  std::uint64_t handled = 0;
  std::uint64_t stale = 0;  // dropped, because their actor was cancelled after they were scheduled
  std::uint64_t most_pending = 0;
};

/// The clock and the queue. Actors are the numbers 0, ..., actors - 1 (clients, then whatever else the model needs);
/// `Kind` is the model's enum of events, and its handler a switch over it:
///
///     Simulator<EventKind> simulator{clients + 1};
///     simulator.schedule(after(simulator.now(), 2 * Seconds{1}), Phase::client, 7, EventKind::upload_done);
///     simulator.run([&](const Event& event, EventKind kind) { switch (kind) { ... } });
///
/// If an overload `std::string_view name(Kind)` is found beside the enum, errors use it.
template <class Kind, PendingEvents Queue = HeapQueue>
  requires std::is_enum_v<Kind> && std::same_as<std::underlying_type_t<Kind>, std::uint8_t>
class Simulator {
 public:
  explicit Simulator(std::uint32_t actors) : actors_(actors), most_at_one_instant_{1000 + 16 * std::uint64_t{actors}} {}

  [[nodiscard]] SimTime now() const { return now_; }
  [[nodiscard]] const SimulatorCounts& counts() const { return counts_; }
  [[nodiscard]] std::size_t pending() const { return queue_.size(); }

  /// `at` is not before now; at this very instant, `phase` is not before the one being handled.
  void schedule(SimTime at, Phase phase, std::uint32_t actor, Kind kind) {
    EDGEFUSE_EXPECTS(actor < actors_.size(), "an event belongs to one of the simulator's actors");
    EDGEFUSE_EXPECTS(at > now_ || (at == now_ && phase >= phase_), "nothing is scheduled in the past");
    ActorState& state = actors_[actor];
    EDGEFUSE_EXPECTS(state.sequence != UINT32_MAX, "an actor has at most 2^32 - 1 events");
    queue_.push({at, actor, state.sequence++, state.generation, phase, static_cast<std::uint8_t>(kind)});
    if (queue_.size() > counts_.most_pending) counts_.most_pending = queue_.size();
  }

  /// Makes all pending events of `actor` stale. Costs nothing now: they are dropped when their turn comes.
  void cancel(std::uint32_t actor) {
    EDGEFUSE_EXPECTS(actor < actors_.size(), "only an actor of the simulator is cancelled");
    ++actors_[actor].generation;
  }

  /// Lets `run` return after the event being handled; another `run` goes on from there.
  void stop() { stopped_ = true; }

  /// Handles events in order until none is left or `stop` is called. Throws RunError when one actor handles more
  /// events at one instant than any model needs (1000, and 16 for each actor there is), naming it.
  template <std::invocable<const Event&, Kind> Handler>
  void run(Handler&& handle) {
    stopped_ = false;
    while (!stopped_ && !queue_.empty()) {
      const Event event = queue_.pop();
      ActorState& state = actors_[event.actor];
      if (event.generation != state.generation) {
        ++counts_.stale;
        continue;
      }
      now_ = event.time;
      phase_ = event.phase;
      state.at_instant = state.instant == now_ ? state.at_instant + 1 : 1;
      state.instant = now_;
      if (state.at_instant > most_at_one_instant_) fail_for_cascade(event);
      ++counts_.handled;
      handle(event, static_cast<Kind>(event.kind));
    }
  }

 private:
  struct ActorState {
    SimTime instant{-1};           // of the last event handled
    std::uint64_t at_instant = 0;  // how many were handled then
    std::uint32_t sequence = 0;
    std::uint32_t generation = 0;
  };

  [[noreturn]] void fail_for_cascade(const Event& event) const {
    std::string kind = fmt::format("{}", event.kind);
    if constexpr (requires(Kind k) {
                    { name(k) } -> std::convertible_to<std::string_view>;
                  }) {
      kind = fmt::format("\"{}\"", std::string_view{name(static_cast<Kind>(event.kind))});
    }
    throw RunError{fmt::format(
        "virtual time stands still at {} s: actor {} has handled more than {} events there, the last of kind {}",
        event.time.since_start().value, event.actor, most_at_one_instant_, kind)};
  }

  Queue queue_;
  std::vector<ActorState> actors_;
  std::uint64_t most_at_one_instant_;
  SimTime now_{};
  Phase phase_ = Phase::completion;
  bool stopped_ = false;
  SimulatorCounts counts_;
};

}  // namespace edgefuse::sim
