#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/time.hpp"

namespace edgefuse::testing {

struct Net {
  double capacity = 1;           // of the root, bytes/s
  std::vector<double> branches;  // none: the star
};

/// Something that happens to a flow.
struct Change {
  enum class Kind { start, cap, withdraw };
  SimTime at{};
  Kind kind = Kind::start;
  std::uint32_t flow = 0;
  double size = 0;  // of one that starts
  double cap = 0;
  std::uint32_t branch = 0;
};

struct Outcome {
  std::map<std::uint32_t, SimTime> ends;      // of flows that were carried whole
  std::map<std::uint32_t, double> withdrawn;  // bytes carried until then
};

/// What becomes of flows by progressive filling (Bertsekas and Gallager, §6.5.2): all rates rise together; who reaches
/// its cap, or goes through a link that is full, stays there. Every flow is moved from one change to the next; ends
/// are seen at whole nanoseconds. Ends at the instant of a change come before it, and changes to flows that have ended
/// are passed over.
Outcome fill_progressively(const Net& net, const std::vector<Change>& changes);

}  // namespace edgefuse::testing
