#pragma once

#include <compare>
#include <cstdint>
#include <tuple>
#include <type_traits>

#include "sim/time.hpp"

namespace edgefuse::sim {

/// The order of things at one instant: what physics completes comes before what clients do about it, that before what
/// the server decides, and an observer sees the instant when all of it has happened.
enum class Phase : std::uint8_t { completion, client, server, observer };

/// One thing that will happen to one actor. Events carry no payload: `kind` and `actor` say where it lies.
/// Their order (time, phase, actor, sequence) is total and does not depend on when they were scheduled relative to
/// other actors' events, so no tie is ever broken by accident.
struct Event {
  SimTime time{};
  std::uint32_t actor = 0;
  std::uint32_t sequence = 0;    // of this actor's events, in the order they were scheduled
  std::uint32_t generation = 0;  // of the actor when this was scheduled; an older one is stale
  Phase phase = Phase::completion;
  std::uint8_t kind = 0;  // an enumerator of the model's own enum
};

static_assert(sizeof(Event) <= 24 && std::is_trivially_copyable_v<Event>);

[[nodiscard]] constexpr bool before(const Event& a, const Event& b) {
  if (a.time != b.time) return a.time < b.time;
  return std::tie(a.phase, a.actor, a.sequence) < std::tie(b.phase, b.actor, b.sequence);
}

}  // namespace edgefuse::sim
