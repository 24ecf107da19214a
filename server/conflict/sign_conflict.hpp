#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "sim/parameters.hpp"

namespace edgefuse::server {

/// Where the changes of one module pull against each other, entry by entry over [out, in]:
///
///     p, n = Σ_i relu(±w_i·D_i) over active entries;  c = 2·min(p, n) / (p + n) in [0, 1], 0 where p + n = 0
///
/// An entry is active where |D_i| is above the q-quantile (linear interpolation) of D_i's non-zero magnitudes; at q = 0
/// every non-zero entry is.
struct SignConflict {
  std::vector<double> mass;       // c: 0 where all agree, 1 where all cancels
  std::vector<std::int8_t> sign;  // of p - n; an exact tie takes the sign most entries of the module have, else +
};

/// `changes` are dense float32, contiguous, of one shape; one weight each. Weight 0 has no vote, and a negative one
/// takes its change away: it pulls the other way.
[[nodiscard]] SignConflict find_sign_conflict(std::span<const at::Tensor> changes, std::span<const double> weights,
                                              double quantile);

/// Whether a change whose entry is `x` pulls against the elected `sign`: with a negative weight it pulls the other way.
[[nodiscard]] inline bool pulls_against(double x, double weight, std::int8_t sign) {
  return (weight < 0 ? -x : x) * sign < 0;
}

/// "q" and "t" of every resolver that looks for conflict in this way.
[[nodiscard]] ParameterSpec quantile_parameter();
[[nodiscard]] ParameterSpec threshold_parameter();

}  // namespace edgefuse::server
