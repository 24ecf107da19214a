#pragma once

#include "sim/availability/availability.hpp"

namespace edgefuse::sim {

/// "trace": what was observed. Each client is dealt a device of the trace and, unless told otherwise, a place in it to
/// begin at; from there the trace repeats. Making one reads the file: InputError for what is wrong in it
/// (sim/availability/device_traces.hpp).
[[nodiscard]] Method<Availability> trace_availability();

}  // namespace edgefuse::sim
