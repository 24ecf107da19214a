#pragma once

#include <concepts>
#include <cstddef>

#include "sim/event.hpp"

namespace edgefuse::sim {

/// A set of events of which the first in the order of `before` can be taken out. `pop` needs a non-empty queue.
template <class Q>
concept PendingEvents = requires(Q queue, const Q constant, Event event) {
  { queue.push(event) } -> std::same_as<void>;
  { queue.pop() } -> std::same_as<Event>;
  { constant.empty() } -> std::same_as<bool>;
  { constant.size() } -> std::same_as<std::size_t>;
};

}  // namespace edgefuse::sim
