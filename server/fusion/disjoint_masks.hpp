#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <span>
#include <vector>

#include "sim/parameters.hpp"

namespace edgefuse::server {

/// The sequential masks of CABS (2503.01874) on dense, contiguous float32 changes of one shape, in place: in turn, each
/// keeps its n largest magnitudes of every m consecutive entries that no earlier one keeps, an earlier entry first
/// among equals, so no entry is left to two. A last, shorter block keeps its share of n / m, rounded up. Zeros are
/// never kept.
void keep_disjoint(std::span<at::Tensor> changes, std::size_t n, std::size_t m);

/// n and m as parameters of a method: 64 of 256, as the reference program has them.
[[nodiscard]] std::vector<ParameterSpec> parameters_of_masks();

}  // namespace edgefuse::server
