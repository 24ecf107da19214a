#pragma once

#include <string>

#include "sim/link.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

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
  Watts radio{};          // drawn by the radio alone while it sends or receives
  Link link{};

  [[nodiscard]] Bytes memory_budget() const { return usable_ram * ram; }
};

}  // namespace edgefuse::sim
