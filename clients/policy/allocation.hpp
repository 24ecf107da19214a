#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "clients/policy/prospect.hpp"
#include "sim/units.hpp"

namespace edgefuse::clients {

/// What one client of a cohort may be given.
struct Option {
  Seconds time;     // until its update is there
  double kept = 0;  // of the base's parameters
  Size size;        // a larger one keeps at least as much
};

/// An option for each client, and when the last of them is done.
struct Allocation {
  std::vector<std::size_t> options;
  Seconds latest{};
};

/// Gives every client one of its options (at least one each) so that
///
///     max_i time_i is least,   mean_i kept_i >= keep,
///
/// and where the cohort cannot keep so much, the most that it can. For a time T the best that anybody can do for the
/// mean is the largest option done by T, so T is feasible or not whoever gets what, a later one is if an earlier one
/// is, and the least is one of the options' times: bisection over these is exact. Everybody then gets the largest that
/// is done by T.
[[nodiscard]] Allocation allocate(std::span<const std::vector<Option>> clients, double keep);

}  // namespace edgefuse::clients
