#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/parameters.hpp"

namespace edgefuse::server {

/// What counts as one vector: each row of a module, each module, or all modules laid end to end in module order.
enum class Scope : std::uint8_t { row, tensor, model };

/// The parameter "scope"; the first of `choices` is its default.
[[nodiscard]] ParameterSpec scope_parameter(std::string meaning, std::vector<std::string> choices);

[[nodiscard]] Scope scope_of(const Parameters& parameters);

}  // namespace edgefuse::server
