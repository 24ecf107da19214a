#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "sim/availability/cycle.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

/// When the devices of a trace were there; all for as long as the trace is.
struct DeviceTraces {
  std::vector<Cycle> devices;  // at least one, one of them there at some time
  std::int64_t step = 1;       // nanoseconds: what happens in the trace, happens at multiples of it
};

/// What a cell of a matrix means in which nobody knows whether the device was there.
enum class Unknown : std::uint8_t {
  away,
  hold,  // as in the last cell known, going back past the beginning to the end; away where none is
};

/// A NumPy matrix with a row for every `step` and a column for every device: 1 there, 0 away, NaN unknown. The first
/// `length` count, a whole number of steps; all do when it is 0. Throws InputError, in the name of the file.
[[nodiscard]] DeviceTraces read_matrix_trace(const std::filesystem::path& file, Seconds step, Unknown unknown,
                                             Seconds length);

/// A csv file with the header "device,from,to": the device, any text, is there from second `from` to second `to`. The
/// intervals of one device are in order and do not overlap. The trace is as long as the largest `to`, or as `length`
/// when that is above 0: what is later does not count. Throws InputError, in the name of the file and the lines.
[[nodiscard]] DeviceTraces read_interval_trace(const std::filesystem::path& file, Seconds length);

/// Throws InputError, in the name of the file, when no device is ever there.
void refuse_deserted(const DeviceTraces& traces, const std::filesystem::path& file);

}  // namespace edgefuse::sim
