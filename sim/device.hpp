#pragma once

#include <optional>
#include <string>

#include "sim/link.hpp"
#include "sim/radio.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

/// What sustained work does to a device without enough cooling: after so much of it, it runs at a share of its speed.
struct Throttling {
  Seconds after{};   // of work since it was cool
  double speed = 1;  // share of full speed from then on, 0 < s <= 1
};

/// A class of hardware, as its data sheet describes it and as far as the cost model asks (docs/models/time.md).
struct DeviceProfile {
  std::string name;
  std::string kind;        // "board", "phone", "laptop": for grouping results only
  std::string precision;   // the number format of `peak`, such as "fp16"
  FlopsPerSecond peak{};   // dense multiply-adds counted as two
  double utilisation = 1;  // share of `peak` that training reaches, 0 < u <= 1
  BytesPerSecond memory_bandwidth{};
  Bytes ram{};
  double usable_ram = 1;  // share of `ram` that training may take, 0 < s <= 1
  Watts busy{};           // drawn by the whole device while it trains
  Watts idle{};           // drawn by the whole device while it is awake and only waits or transfers, radio aside
  std::optional<Joules> battery{};  // full; none for what hangs on the mains
  std::optional<Throttling> throttling{};
  Radio radio{};
  Link link{};

  [[nodiscard]] Bytes memory_budget() const { return usable_ram * ram; }
};

}  // namespace edgefuse::sim
