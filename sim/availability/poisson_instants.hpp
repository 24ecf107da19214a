#pragma once

#include <cstdint>
#include <optional>

#include "sim/time.hpp"

namespace edgefuse::sim {

/// A Poisson process of instants for every client, which can be looked at anywhere without what came before: a pure
/// function of (seed, client). Time is cut into cells of the mean distance; a cell has Poisson(1) instants at uniform
/// places, drawn from the stream of that cell (the numbers of a Poisson process in disjoint intervals are independent,
/// and its points are uniform given their number: Kingman, Poisson Processes, 1993, §2.1 and §2.4). Several processes,
/// `family` of `families`, share Domain::availability: cell k draws from round k · families + family.
class PoissonInstants {
 public:
  /// The mean distance in nanoseconds is so long that all of virtual time has fewer than 2^32 - 1 rounds.
  PoissonInstants(std::int64_t mean_distance, std::uint32_t family, std::uint32_t families);

  /// The last instant that is no later than `at`, if there is one since time 0. Takes O(1) cells in expectation.
  [[nodiscard]] std::optional<SimTime> last(std::uint64_t seed, std::uint32_t client, SimTime at) const;
  /// The first instant later than `at`, or SimTime::never().
  [[nodiscard]] SimTime next(std::uint64_t seed, std::uint32_t client, SimTime at) const;

 private:
  template <class Visit>
  void for_cell(std::uint64_t seed, std::uint32_t client, std::int64_t cell, const Visit& visit) const;

  std::int64_t length_;  // of a cell, which is the mean distance
  std::int64_t cells_;   // whole ones in virtual time; no instants are behind them
  std::uint32_t family_;
  std::uint32_t families_;
};

}  // namespace edgefuse::sim
