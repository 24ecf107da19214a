#pragma once

#include <cstdint>
#include <limits>

#include "sim/random.hpp"

namespace edgefuse::sim {

/// What a client is dealt once for the whole run (its time zone, its device of a trace, its first state) is drawn from
/// the last round of Domain::availability; no model uses that round for anything else.
[[nodiscard]] inline Draws dealt(std::uint64_t seed, std::uint32_t client) {
  return Draws{{.seed = seed,
                .domain = Domain::availability,
                .round = std::numeric_limits<std::uint32_t>::max(),
                .client = client}};
}

}  // namespace edgefuse::sim
