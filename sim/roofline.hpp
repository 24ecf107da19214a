#pragma once

#include <algorithm>

#include "sim/device.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

/// What a computation asks of a device.
struct Work {
  Flops flops{};
  Bytes traffic{};  // between memory and processor
};

/// The roofline (Williams, Waterman and Patterson, CACM 52(4), 2009): arithmetic and memory traffic overlap, so the
/// slower of the two takes the time, t = max(flops / (peak · utilisation), traffic / bandwidth).
[[nodiscard]] inline Seconds step_time(const DeviceProfile& device, Work step) {
  return std::max(step.flops / (device.peak * device.utilisation), step.traffic / device.memory_bandwidth);
}

}  // namespace edgefuse::sim
