#pragma once

#include <cstdint>
#include <optional>

namespace edgefuse::clients {

/// How often what goes wrong, for each participation.
struct MishapRates {
  double crash = 0;    // share that die while they train
  double corrupt = 0;  // share whose update arrives damaged
  double slow_down = 0;
  double slow_down_factor = 1;  // how much slower those compute
  double background_load = 0;   // mean share of the device's speed that other programs take, below 1/2
};

/// What goes wrong in one participation.
struct Mishaps {
  double slowness = 1;               // factor on the time of computing
  std::optional<double> crash_at{};  // share of its computing that is done by then, 0 < c < 1
  bool corrupt = false;
};

/// Drawn from sim::Domain::mishaps of (seed, client, invitation), five numbers whatever the rates: two runs that differ
/// in one rate share all other mishaps. The load is even between none and twice its mean; a crash comes at any point of
/// the computing alike.
[[nodiscard]] Mishaps draw_mishaps(const MishapRates& rates, std::uint64_t seed, std::uint32_t client,
                                   std::uint32_t invitation);

}  // namespace edgefuse::clients
