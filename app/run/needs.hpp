#pragma once

#include <cstdint>
#include <string>

#include "app/run/assembly.hpp"

namespace edgefuse::app {

/// What a client that sits out would need of the budget that stands in its way, for the least that its policy lets it
/// take.
struct Need {
  std::string budget;  // "memory", "deadline" or "energy", as in Choice::binding
  double least = 0;    // bytes, seconds or joules
};

/// Of a client that no variant will do for.
[[nodiscard]] Need need_of(const Assembly& assembly, std::uint32_t client);
/// "205 MB", "35.2 s", "1.20 kJ".
[[nodiscard]] std::string to_text(const Need& need);

}  // namespace edgefuse::app
