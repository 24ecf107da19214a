#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "sim/cascade_watch.hpp"
#include "sim/event.hpp"
#include "sim/expects.hpp"
#include "sim/ladder_queue.hpp"
#include "sim/pending_events.hpp"
#include "sim/simulator_counts.hpp"
#include "sim/time.hpp"

namespace edgefuse::sim {

/// A model whose events need nothing that could be fetched before.
struct FetchNothing {
  void operator()(const Event&) const {}
};

/// The clock and the queue. Actors are the numbers 0, ..., actors - 1 (clients, then whatever else the model needs);
/// `Kind` is the model's enum of events, and its handler a switch over it:
///
///     Simulator<EventKind> simulator{clients + 1};
///     simulator.schedule(after(simulator.now(), 2 * Seconds{1}), Phase::client, 7, EventKind::upload_done);
///     simulator.run([&](const Event& event, EventKind kind) { switch (kind) { ... } });
///
/// If an overload `std::string_view name(Kind)` is found beside the enum, errors use it.
template <class Kind, PendingEvents Queue = LadderQueue>
  requires std::is_enum_v<Kind> && std::same_as<std::underlying_type_t<Kind>, std::uint8_t>
class Simulator {
 public:
  explicit Simulator(std::uint32_t actors) : actors_(actors), cascade_{actors} {}

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

  /// Handles events in order until none is left or `stop` is called. Throws RunError when events at one instant never
  /// end, naming an actor that has them.
  /// `fetch` is told of events whose turn comes soon: what it prefetches of their actors will be at hand.
  template <std::invocable<const Event&, Kind> Handler, std::invocable<const Event&> Fetch = FetchNothing>
  void run(Handler&& handle, const Fetch& fetch = {}) {
    const auto opened = [&](const Event& event) {
      __builtin_prefetch(&actors_[event.actor], 1);
      fetch(event);
    };
    stopped_ = false;
    while (!stopped_ && !queue_.empty()) {
      const Event event = take(opened);
      if (event.generation != actors_[event.actor].generation) {
        ++counts_.stale;
        continue;
      }
      now_ = event.time;
      phase_ = event.phase;
      if (cascade_.never_ends(event)) cascade_.fail(event, kind_text(event));
      ++counts_.handled;
      handle(event, static_cast<Kind>(event.kind));
    }
  }

 private:
  struct ActorState {
    std::uint32_t sequence = 0;
    std::uint32_t generation = 0;
  };

  [[nodiscard]] Event take(const auto& opened) {
    if constexpr (requires { queue_.pop(opened); })
      return queue_.pop(opened);
    else
      return queue_.pop();
  }

  [[nodiscard]] static std::string kind_text(const Event& event) {
    if constexpr (requires(Kind k) {
                    { name(k) } -> std::convertible_to<std::string_view>;
                  })
      return fmt::format("\"{}\"", std::string_view{name(static_cast<Kind>(event.kind))});
    else
      return fmt::format("{}", event.kind);
  }

  Queue queue_;
  std::vector<ActorState> actors_;
  CascadeWatch cascade_;
  SimTime now_{};
  Phase phase_ = Phase::completion;
  bool stopped_ = false;
  SimulatorCounts counts_;
};

}  // namespace edgefuse::sim
