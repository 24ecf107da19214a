#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "sim/expects.hpp"

namespace edgefuse::server {

/// The middle of at least one number, of an even count the mean of the two in the middle. Moves them about.
template <class T>
[[nodiscard]] double median(std::span<T> values) {
  EDGEFUSE_EXPECTS(!values.empty(), "there is something in the middle");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (static_cast<double>(*middle) + static_cast<double>(*std::max_element(values.begin(), middle))) / 2;
}

}  // namespace edgefuse::server
