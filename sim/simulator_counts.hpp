#pragma once

#include <cstdint>

namespace edgefuse::sim {

/// What a simulator has done so far.
struct SimulatorCounts {
  std::uint64_t handled = 0;
  std::uint64_t stale = 0;  // dropped, because their actor was cancelled after they were scheduled
  std::uint64_t most_pending = 0;
};

}  // namespace edgefuse::sim
