#include "sim/radio.hpp"

#include <algorithm>
#include <array>

namespace edgefuse::sim {
namespace {

/// A slope of the power in milliwatts for each Mbit/s is an energy in millijoules for each Mbit, at any rate.
constexpr JoulesPerByte millijoules_per_mbit(double slope) {
  return Joules{1e-3 * slope} / Bytes{1e6 / 8};
}

// P = alpha_up · rate_up + alpha_down · rate_down + beta, in mW and Mbit/s.
constexpr std::string_view huang = "Huang et al., MobiSys 2012, table 4";

constexpr auto kinds = std::to_array<Radio>({
    {.name = "wifi",
     .up = millijoules_per_mbit(283.17),
     .down = millijoules_per_mbit(137.01),
     .active = Watts{0.13286},
     .source = huang},
    {.name = "lte",
     .up = millijoules_per_mbit(438.39),
     .down = millijoules_per_mbit(51.97),
     .active = Watts{1.28804},
     .source = huang},
    {.name = "3g",
     .up = millijoules_per_mbit(868.98),
     .down = millijoules_per_mbit(122.12),
     .active = Watts{0.81788},
     .source = huang},
    {.name = "ethernet",
     .source = "assumption: a link that is up draws the same with and without traffic, so it is "
               "part of what the device draws idle"},
});

}  // namespace

std::span<const Radio> radios() {
  return kinds;
}

const Radio* find_radio(std::string_view name) {
  const auto found = std::ranges::find(kinds, name, &Radio::name);
  return found == kinds.end() ? nullptr : &*found;
}

}  // namespace edgefuse::sim
