#include "data/wilson.hpp"

#include <algorithm>
#include <cmath>

#include "sim/expects.hpp"

namespace edgefuse::data {

Interval wilson(std::int64_t successes, std::int64_t trials) {
  EDGEFUSE_EXPECTS(trials > 0 && successes >= 0 && successes <= trials, "successes among trials");
  constexpr double z = 1.959963984540054;  // 97.5 % quantile of the standard normal
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(successes) / n;
  const double centre = (share + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  return {share, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace edgefuse::data
