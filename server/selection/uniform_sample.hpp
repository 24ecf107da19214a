#pragma once

#include <cstdint>
#include <vector>

#include "server/selection/selection.hpp"
#include "sim/random.hpp"

namespace edgefuse::server {

/// The stream every method draws from: sim::Domain::selection of (seed, invitation).
[[nodiscard]] sim::Draws selection_draws(const SelectionRequest& request);

/// `count` of `clients`, or all where there are no more: every subset of that size is equally likely. By rising id
/// where `clients` are.
[[nodiscard]] std::vector<std::uint32_t> uniform_subset(const std::vector<std::uint32_t>& clients, std::uint64_t count,
                                                        sim::Draws& draws);

/// The same of the eligible clients of a request, whose own count is not asked. While most are eligible it costs
/// O(count) whatever the population: clients are drawn, and those not eligible or drawn before are passed over. After
/// 16 draws for each one wanted, and no fewer than population / 16, which cost about as much as what follows, it looks
/// through the whole population for the rest.
[[nodiscard]] std::vector<std::uint32_t> uniform_sample(const SelectionRequest& request, std::uint64_t count,
                                                        sim::Draws& draws);

}  // namespace edgefuse::server
