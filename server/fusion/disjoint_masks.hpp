#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <span>

namespace edgefuse::server {

/// The sequential masks of CABS (2503.01874) on dense, contiguous float32 changes of one shape, in place: in turn, each
/// keeps its n largest magnitudes of every m consecutive entries that no earlier one keeps, an earlier entry first
/// among equals, so no entry is left to two. A last, shorter block keeps its share of n / m, rounded up. Zeros are
/// never kept.
void keep_disjoint(std::span<at::Tensor> changes, std::size_t n, std::size_t m);

}  // namespace edgefuse::server
