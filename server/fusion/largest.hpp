#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "server/fusion/mask.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {

/// The `place`-th largest of `values`, 1 being the largest.
template <class T>
[[nodiscard]] T nth_largest(std::vector<T> values, std::size_t place) {
  EDGEFUSE_EXPECTS(place >= 1 && place <= values.size(), "there is a number in this place");
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(place - 1);
  std::nth_element(values.begin(), nth, values.end(), std::greater<>{});
  return *nth;
}

/// Keeps the `count` largest of `scores`, the earlier first among equals; all where there are no more.
template <class T>
[[nodiscard]] Mask largest(std::span<const T> scores, std::size_t count) {
  if (count >= scores.size()) return Mask(scores.size(), 1);
  Mask mask(scores.size(), 0);
  if (count == 0) return mask;
  const T least = nth_largest(std::vector<T>(scores.begin(), scores.end()), count);
  auto equal_left = count - static_cast<std::size_t>(std::ranges::count_if(scores, [&](T x) { return x > least; }));
  for (std::size_t e = 0; e < scores.size(); ++e) {
    if (scores[e] > least) {
      mask[e] = 1;
    } else if (scores[e] == least && equal_left > 0) {
      mask[e] = 1;
      --equal_left;
    }
  }
  return mask;
}

}  // namespace edgefuse::server
