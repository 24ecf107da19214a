#include "sim/time.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include "sim/error.hpp"

namespace edgefuse {

SimTime after(SimTime start, Seconds duration) {
  const auto refuse = [&](const char* problem) {
    throw RunError{fmt::format("a duration of {} s {} (use faster devices or links, or fewer steps or rounds)",
                               duration.value, problem)};
  };
  if (!std::isfinite(duration.value)) refuse("is not finite");
  if (duration.value < 0) refuse("is negative");
  const double ticks = std::max(1.0, std::ceil(duration.value * 1e9));
  const auto room = std::numeric_limits<std::int64_t>::max() - start.nanoseconds;
  if (ticks >= static_cast<double>(room)) refuse("passes the end of virtual time, 292 years");
  return SimTime{start.nanoseconds + static_cast<std::int64_t>(ticks)};
}

}  // namespace edgefuse
