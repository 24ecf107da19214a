#pragma once

#include "data/partitioners/partitioner.hpp"
#include "sim/registry.hpp"

namespace edgefuse::data {

/// All partitioners, in the order the documentation lists them. A new one is a file beside this one and a line in
/// registry.cpp.
[[nodiscard]] Registry<Partitioner> partitioners();

}  // namespace edgefuse::data
