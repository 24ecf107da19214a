#include "server/conflict/require_factors.hpp"

#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "sim/error.hpp"

namespace edgefuse::server {

void require_factors(std::string_view resolver, llm::ModuleId module, const ModuleParts& parts) {
  std::vector<Mistake> mistakes;
  for (const auto& part : parts)
    if (!std::holds_alternative<llm::LowRank>(part.delta))
      mistakes.push_back({.key = fmt::format("adapter of client {}", part.client),
                          .problem = fmt::format("{} is dense, and {} needs its factors", module.name(), resolver),
                          .remedy = "use conflict \"cr-proj\" or \"cr-module\", which take dense changes too"});
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
}

}  // namespace edgefuse::server
