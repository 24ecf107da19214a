#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "server/fusion/coverage.hpp"

namespace edgefuse::server {

/// Which of `size` are kept, ascending, as an index tensor.
[[nodiscard]] at::Tensor places(const Kept& kept, std::int64_t size);

}  // namespace edgefuse::server
