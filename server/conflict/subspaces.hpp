#pragma once

#include <ATen/core/Tensor.h>

#include "llm/delta.hpp"

namespace edgefuse::server {

/// Where a low-rank change takes its input from and where it writes: orthonormal bases of the row and the column space
/// of B·A, float64. Directions whose singular value is below 1e-6 of the largest are rounding and left out.
struct Subspaces {
  at::Tensor rows;     // [k, in]; span of A's rows, where B has full rank
  at::Tensor columns;  // [out, k]; span of B's columns, where A has
};
[[nodiscard]] Subspaces subspaces_of(const llm::LowRank& change);

/// Cosines of the principal angles between two subspaces: 1 for a direction they share, 0 where they are orthogonal.
/// min(k, k') of them; all 0 where one space is {0}.
struct PrincipalCosines {
  double largest = 0;
  double mean = 0;
};
/// `x` [k, n] and `y` [k', n] have orthonormal rows.
[[nodiscard]] PrincipalCosines principal_cosines(const at::Tensor& x, const at::Tensor& y);

}  // namespace edgefuse::server
