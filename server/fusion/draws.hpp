#pragma once

#include <cstdint>

#include "llm/module_id.hpp"
#include "sim/random.hpp"

namespace edgefuse::server {

/// What randomness in fusion depends on besides client and module: the root seed, and the round that is fused.
struct FusionSeed {
  std::uint64_t seed = 0;
  std::uint32_t round = 0;
};

/// The random numbers of one client (or of whatever else `actor` numbers) in one module. They do not depend on who
/// else takes part, nor on the order in which modules are gone through.
[[nodiscard]] sim::Draws draws(const FusionSeed& seed, sim::Domain domain, llm::ModuleId module,
                               std::uint32_t actor = 0);

}  // namespace edgefuse::server
