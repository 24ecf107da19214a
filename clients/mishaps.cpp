#include "clients/mishaps.hpp"

#include "sim/expects.hpp"
#include "sim/random.hpp"

namespace edgefuse::clients {

Mishaps draw_mishaps(const MishapRates& rates, std::uint64_t seed, std::uint32_t client, std::uint32_t invitation) {
  EDGEFUSE_EXPECTS(rates.background_load >= 0 && rates.background_load < 0.5, "something is left of a device's speed");
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::mishaps, .round = invitation, .client = client}};
  const double load = 2 * rates.background_load * draws.uniform();
  const bool slow = draws.uniform() < rates.slow_down;
  const bool crashes = draws.uniform() < rates.crash;
  const double when = draws.uniform();
  const bool corrupt = draws.uniform() < rates.corrupt;

  Mishaps mishaps{.slowness = (slow ? rates.slow_down_factor : 1) / (1 - load), .corrupt = corrupt};
  if (crashes) mishaps.crash_at = when;
  return mishaps;
}

}  // namespace edgefuse::clients
