#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/random.hpp"

namespace edgefuse::server {

/// One client and its weight, at least 0 and perhaps infinite.
struct WeightedClient {
  std::uint32_t client = 0;
  double weight = 0;
};

/// `count` of them, or all where there are no more, by rising id: as if drawn one after another, each time with
/// probability proportional to weight among those left. Those with the largest keys u^(1/weight), u uniform on (0, 1)
/// (Efraimidis and Spirakis, Information Processing Letters 97, 2006). Clients of weight 0 come last, infinite ones
/// first, in either case at random.
[[nodiscard]] std::vector<std::uint32_t> weighted_sample(std::span<const WeightedClient> clients, std::uint64_t count,
                                                         sim::Draws& draws);

}  // namespace edgefuse::server
