#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/device.hpp"
#include "sim/parameters.hpp"

namespace edgefuse::clients {

/// The device classes a scenario may name.
class DeviceCatalogue {
 public:
  explicit DeviceCatalogue(std::vector<sim::DeviceProfile> devices) : devices_{std::move(devices)} {}

  [[nodiscard]] std::span<const sim::DeviceProfile> devices() const { return devices_; }
  /// Throws InputError for an unknown name, with the nearest one that is known.
  [[nodiscard]] const sim::DeviceProfile& find(std::string_view name, const Origin& origin = {}) const;

 private:
  std::vector<sim::DeviceProfile> devices_;
};

/// Reads `[[device]]` tables (docs/models/devices.md has their keys). Throws one InputError with every mistake: unknown
/// or missing keys, quantities without a unit or below zero, shares outside (0, 1], an unknown kind of radio, a name
/// given twice, a figure whose source is not named.
[[nodiscard]] DeviceCatalogue parse_device_catalogue(std::string_view toml, const std::string& file);

/// clients/devices.toml.
[[nodiscard]] DeviceCatalogue built_in_devices();

}  // namespace edgefuse::clients
