#pragma once

#include "sim/availability/availability.hpp"

namespace edgefuse::sim {

/// "diurnal": there every day between two local hours, such as at night on the charger (Bonawitz et al., MLSys 2019).
/// Clients are spread over time zones at random, and each keeps hours of its own.
/// Making one throws InputError for a window without length. docs/models/availability.md has the equations.
[[nodiscard]] Method<Availability> diurnal_availability();

}  // namespace edgefuse::sim
