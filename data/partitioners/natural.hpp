#pragma once

#include "data/partitioners/partitioner.hpp"
#include "sim/registry.hpp"

namespace edgefuse::data {

/// One client for each distinct label, in order of first appearance: labels name the source of an example (its file,
/// its speaker). No randomness. InputError unless there are as many clients as sources.
[[nodiscard]] Method<Partitioner> natural();

}  // namespace edgefuse::data
