#include "server/recovery/places.hpp"

#include <cstddef>
#include <vector>

#include <ATen/ATen.h>

namespace edgefuse::server {

at::Tensor places(const Kept& kept, std::int64_t size) {
  const auto indicator = kept.indicator(size);
  std::vector<std::int64_t> indices;
  for (std::size_t i = 0; i < indicator.size(); ++i)
    if (indicator[i] != 0) indices.push_back(static_cast<std::int64_t>(i));
  return at::tensor(indices, at::kLong);
}

}  // namespace edgefuse::server
