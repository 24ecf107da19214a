#pragma once

#include "data/partitioners/partitioner.hpp"
#include "sim/registry.hpp"

namespace edgefuse::data {

/// Shuffles all examples and deals them in shares whose sizes differ by one at most; labels play no role.
[[nodiscard]] Method<Partitioner> iid();

}  // namespace edgefuse::data
