#pragma once

#include <string_view>

namespace edgefuse::clients {

/// The text of clients/devices.toml as it was when the program was built.
[[nodiscard]] std::string_view devices_toml();

}  // namespace edgefuse::clients
