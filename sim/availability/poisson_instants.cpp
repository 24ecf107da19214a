#include "sim/availability/poisson_instants.hpp"

#include <algorithm>
#include <limits>

#include "sim/expects.hpp"
#include "sim/random.hpp"

namespace edgefuse::sim {
namespace {

/// Poisson with mean 1, by inversion of one uniform number. More than 20 have probability 10^-20, less than the last
/// bit of that number.
int poisson_of_mean_one(Draws& draws) {
  const double u = draws.uniform();
  double probability = 0.36787944117144233;  // 1 / e, a literal so that no library's exp decides
  double at_most = probability;
  int count = 0;
  while (u > at_most && count < 20) {
    probability /= ++count;
    at_most += probability;
  }
  return count;
}

}  // namespace

PoissonInstants::PoissonInstants(std::int64_t mean_distance, std::uint32_t family, std::uint32_t families)
    : length_{mean_distance}, family_{family}, families_{families} {
  EDGEFUSE_EXPECTS(mean_distance > 0, "instants have a distance");
  EDGEFUSE_EXPECTS(family < families, "a process is one of its families");
  cells_ = SimTime::never().nanoseconds / length_;
  EDGEFUSE_EXPECTS(cells_ < std::numeric_limits<std::uint32_t>::max() / families, "every cell has a round of its own");
}

template <class Visit>
void PoissonInstants::for_cell(std::uint64_t seed, std::uint32_t client, std::int64_t cell, const Visit& visit) const {
  Draws draws{{.seed = seed,
               .domain = Domain::availability,
               .round = static_cast<std::uint32_t>(cell) * families_ + family_,
               .client = client}};
  for (int left = poisson_of_mean_one(draws); left > 0; --left)
    visit(SimTime{cell * length_ + static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(length_)))});
}

std::optional<SimTime> PoissonInstants::last(std::uint64_t seed, std::uint32_t client, SimTime at) const {
  std::optional<SimTime> found;
  for (auto cell = std::min(at.nanoseconds / length_, cells_ - 1); cell >= 0 && !found; --cell)
    for_cell(seed, client, cell, [&](SimTime instant) {
      if (instant <= at && (!found || instant > *found)) found = instant;
    });
  return found;
}

SimTime PoissonInstants::next(std::uint64_t seed, std::uint32_t client, SimTime at) const {
  auto found = SimTime::never();
  for (auto cell = at.nanoseconds / length_; cell < cells_ && found == SimTime::never(); ++cell)
    for_cell(seed, client, cell, [&](SimTime instant) {
      if (instant > at) found = std::min(found, instant);
    });
  return found;
}

}  // namespace edgefuse::sim
