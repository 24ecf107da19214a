#pragma once

#include "sim/availability/availability.hpp"

namespace edgefuse::sim {

/// "always": every client is there from the first instant to the last.
[[nodiscard]] Method<Availability> always_available();

}  // namespace edgefuse::sim
