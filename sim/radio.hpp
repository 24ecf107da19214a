#pragma once

#include <span>
#include <string_view>

#include "sim/units.hpp"

namespace edgefuse::sim {

using JoulesPerByte = Quantity<0, -1, 0, 1>;

/// What a kind of link costs the device that uses it: so much for each byte, and so much for as long as a transfer
/// lasts, whatever its rate.
struct Radio {
  std::string_view name;  // as in scenario files
  JoulesPerByte up{};
  JoulesPerByte down{};
  Watts active{};
  std::string_view source;  // where the figures are published, or "assumption: ..."
};

/// wifi, lte, 3g, ethernet.
[[nodiscard]] std::span<const Radio> radios();
/// Null when no kind has that name.
[[nodiscard]] const Radio* find_radio(std::string_view name);

}  // namespace edgefuse::sim
