#pragma once

#include <cmath>
#include <cstdint>

#include "sim/units.hpp"

namespace edgefuse::sim {

/// The nearest whole number of nanoseconds, the unit of SimTime. |duration| stays below 292 years.
[[nodiscard]] inline std::int64_t ticks(Seconds duration) {
  return std::llround(duration.value * 1e9);
}

[[nodiscard]] constexpr Seconds hours(double count) {
  return Seconds{3600 * count};
}

}  // namespace edgefuse::sim
