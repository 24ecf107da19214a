#include "server/fusion/mask.hpp"

#include <algorithm>
#include <cmath>

#include "sim/expects.hpp"

namespace edgefuse::server {

std::vector<float> magnitudes(std::span<const float> change) {
  std::vector<float> result(change.size());
  std::ranges::transform(change, result.begin(), [](float x) { return std::abs(x); });
  return result;
}

Mask random_mask(std::size_t size, double dropped, sim::Draws draws) {
  Mask mask(size);
  for (auto& kept : mask)
    kept = draws.uniform() >= dropped ? 1 : 0;
  return mask;
}

Mask random_mask(std::span<const double> dropped, sim::Draws draws) {
  Mask mask;
  mask.reserve(dropped.size());
  for (const auto p : dropped)
    mask.push_back(draws.uniform() >= p ? 1 : 0);
  return mask;
}

void apply_mask(const Mask& mask, std::span<float> change, double factor) {
  EDGEFUSE_EXPECTS(mask.size() == change.size(), "a mask has one entry for each of the change");
  for (std::size_t e = 0; e < change.size(); ++e)
    change[e] = mask[e] != 0 ? static_cast<float>(factor * change[e]) : 0;
}

}  // namespace edgefuse::server
