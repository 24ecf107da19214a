#include "server/fusion/draws.hpp"

namespace edgefuse::server {

sim::Draws draws(const FusionSeed& seed, sim::Domain domain, llm::ModuleId module, std::uint32_t actor) {
  const auto place =
      static_cast<std::uint32_t>(module.layer) * static_cast<std::uint32_t>(llm::all_projections.size()) +
      static_cast<std::uint32_t>(module.projection);
  sim::Draws keys{{.seed = seed.seed, .domain = sim::Domain::fusion_module, .round = seed.round, .client = place}};
  const std::uint64_t high = keys.bits();
  return sim::Draws{{.seed = high << 32U | keys.bits(), .domain = domain, .round = seed.round, .client = actor}};
}

}  // namespace edgefuse::server
