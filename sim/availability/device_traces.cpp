#include "sim/availability/device_traces.hpp"

#include <algorithm>

#include "sim/error.hpp"

namespace edgefuse::sim {

void refuse_deserted(const DeviceTraces& traces, const std::filesystem::path& file) {
  if (std::ranges::none_of(traces.devices, &Cycle::ever_there))
    throw InputError{{.file = file.string(),
                      .problem = "no device is ever there",
                      .remedy = "give a trace, or a length of it, in which one is"}};
}

}  // namespace edgefuse::sim
