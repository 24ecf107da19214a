#pragma once

#include <string>

namespace edgefuse::app {

/// Every fusion rule and conflict resolver with a line on what it does, and its parameters with their defaults.
[[nodiscard]] std::string method_list();

}  // namespace edgefuse::app
