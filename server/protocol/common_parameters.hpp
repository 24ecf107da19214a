#pragma once

#include <cstdint>
#include <string>

#include "sim/parameters.hpp"

namespace edgefuse::server {

/// Parameters that several protocols have.

[[nodiscard]] ParameterSpec rounds_parameter();
[[nodiscard]] ParameterSpec clients_parameter(std::string meaning);
[[nodiscard]] ParameterSpec quorum_parameter();
/// Exponent a of the staleness discount (1 + staleness)^-a.
[[nodiscard]] ParameterSpec staleness_exponent_parameter();

[[nodiscard]] std::int64_t whole(const Parameters& parameters, std::string_view name);

}  // namespace edgefuse::server
