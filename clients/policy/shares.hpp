#pragma once

#include <span>
#include <vector>

#include "sim/link.hpp"
#include "sim/units.hpp"

namespace edgefuse::clients {

/// What one client of a cohort has to do: to receive, to compute, to send.
struct Demand {
  Bytes down{};  // on the wire, above 0
  Bytes up{};
  Seconds rest{};    // computing and latencies
  sim::Link link{};  // its own rates

  /// When it is done at these rates.
  [[nodiscard]] Seconds done(const sim::RateCaps& rates) const { return rest + down / rates.down + up / rates.up; }
};

/// Max-min fair rates on the server's link if everybody used it at once: nobody ever gets less.
[[nodiscard]] std::vector<sim::RateCaps> fair_shares(std::span<const sim::Link> links, const sim::RateCaps& server);

/// Rates x_i down and y_i up, none above the client's own, that let the last of them be done first:
///
///     min T,   rest_i + down_i / x_i + up_i / y_i <= T,   Σ x_i <= server.down,   Σ y_i <= server.up
///
/// Everybody is then done at T; where fair shares cannot be bettered, they are what comes back. The problem is convex.
/// To be done by T client i needs, at a price μ of the uplink, the least x_i + μ·y_i at
///
///     x_i = (d + √(μ·d·u)) / τ,   y_i = (u + √(d·u / μ)) / τ,   τ = T - rest_i,
///
/// or where one of its own rates stands in the way, at that. Σ y_i falls as μ rises and Σ x_i rises, so the price is
/// found by bisection, and T around it: to within a relative 1e-9. A direction in which all own rates find room has no
/// cap.
[[nodiscard]] std::vector<sim::RateCaps> equal_finish(std::span<const Demand> demands, const sim::RateCaps& server);

}  // namespace edgefuse::clients
