#pragma once

#include "sim/device.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

/// What a client did for a participation, planned or as it came about.
struct Activity {
  Seconds compute{};
  Seconds transfer{};  // as long as either direction was open, waiting for a shared link included
  Bytes down{};
  Bytes up{};
};

/// What that draws from the device's battery or socket, all of it:
/// E = P_busy · t_compute + (P_idle + P_active) · t_transfer + e_down · bytes_down + e_up · bytes_up.
[[nodiscard]] inline Joules participation_energy(const DeviceProfile& device, const Activity& did) {
  return device.busy * did.compute + (device.idle + device.radio.active) * did.transfer + device.radio.down * did.down +
         device.radio.up * did.up;
}

}  // namespace edgefuse::sim
