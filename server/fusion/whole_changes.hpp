#pragma once

#include <vector>

#include "server/fusion/module_source.hpp"

namespace edgefuse::server {

// Contributions as points: all modules laid end to end, a module that one lacks being zero. Nothing is multiplied out
// while it is factors.

/// ‖D_i‖_F of each contribution, in float64. Goes through the modules once.
[[nodiscard]] std::vector<double> norms(const ModuleSource& modules);

/// ‖D_i - D_j‖_F² of every pair, in float64, symmetric. Goes through the modules once.
[[nodiscard]] std::vector<std::vector<double>> squared_distances(const ModuleSource& modules);

}  // namespace edgefuse::server
