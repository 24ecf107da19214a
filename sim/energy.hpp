#pragma once

#include "sim/device.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

/// What one participation costs a device: E = P_busy · t_compute + P_radio · t_transfer. Waiting is not charged: a
/// device draws its idle power whether or not it takes part.
[[nodiscard]] inline Joules participation_energy(const DeviceProfile& device, Seconds compute, Seconds transfer) {
  return device.busy * compute + device.radio * transfer;
}

}  // namespace edgefuse::sim
