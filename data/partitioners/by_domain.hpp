#pragma once

#include "data/partitioners/partitioner.hpp"
#include "sim/registry.hpp"

namespace edgefuse::data {

/// Client c holds domain c mod D (D distinct labels, in alphabetical order) and nothing else; a domain's shuffled
/// examples are dealt evenly to its clients. InputError with fewer clients than domains, or a domain with fewer
/// examples than clients.
[[nodiscard]] Method<Partitioner> by_domain();

}  // namespace edgefuse::data
