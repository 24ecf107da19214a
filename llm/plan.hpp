#pragma once

#include <cstdint>
#include <string>

#include "sim/link.hpp"
#include "sim/units.hpp"

namespace edgefuse::llm {

/// What a client decides before it trains, with what it predicts that will cost. `binding` says in a word what chose
/// the ratio and the rank ("memory", "none" when it takes the largest on offer).
struct Plan {
  std::uint32_t client = 0;
  std::uint32_t variant = 0;    // index into the offered variants, 0 = the whole base
  double ratio = 0;             // asked for; rounding and protected layers make the true share differ
  std::int64_t parameters = 0;  // of the variant
  std::int64_t rank = 0;
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  std::int64_t sequence = 0;  // padded length the cost is counted at
  std::int64_t examples = 0;
  Seconds work;       // of computing, on the undisturbed, cool device
  Seconds compute;    // what it expects that to take
  Seconds predicted;  // from the invitation to the update's arrival
  Bytes peak_memory;
  Bytes download;
  Bytes upload;
  Joules energy;
  std::string binding;
  sim::RateCaps caps{};  // what the server lets its transfers have
};

}  // namespace edgefuse::llm
