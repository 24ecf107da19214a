#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "server/conflict/diagnostics.hpp"

namespace edgefuse::app {

/// The conflict diagnostics of every module and pair. `names` are the adapters' by index.
[[nodiscard]] nlohmann::ordered_json json_of(const std::vector<server::ModuleDiagnostics>& modules,
                                             const std::vector<std::string>& names);

}  // namespace edgefuse::app
