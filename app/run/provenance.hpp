#pragma once

#include "app/command.hpp"
#include "results/records.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// Version, compiler, LibTorch, CPU and start time of this very run; `wall_time` is the caller's to set at its end.
[[nodiscard]] results::Provenance start_provenance(const scenarios::Scenario& scenario, const Arguments& arguments,
                                                   unsigned threads);

}  // namespace edgefuse::app
