#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/random.hpp"

namespace edgefuse::server {

/// Which entries of a change are kept: 1, or 0 where not; row by row.
using Mask = std::vector<std::uint8_t>;

/// |x| of each entry.
[[nodiscard]] std::vector<float> magnitudes(std::span<const float> change);

/// Each of `size` entries is dropped with probability `dropped`: it is kept where its uniform number, one for each
/// entry in order, is at least that.
[[nodiscard]] Mask random_mask(std::size_t size, double dropped, sim::Draws draws);

/// The same with a probability for each entry.
[[nodiscard]] Mask random_mask(std::span<const double> dropped, sim::Draws draws);

/// Multiplies what is kept by `factor`, in float64 and rounded once, and sets the rest to zero.
void apply_mask(const Mask& mask, std::span<float> change, double factor = 1);

}  // namespace edgefuse::server
