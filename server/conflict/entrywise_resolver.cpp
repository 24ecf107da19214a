#include "server/conflict/entrywise_resolver.hpp"

#include <cstddef>
#include <utility>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {

ModuleParts EntrywiseResolver::resolve(llm::ModuleId /*module*/, ModuleParts parts, const FusionSeed& /*seed*/) const {
  if (parts.size() < 2 || is_identity()) return parts;
  auto changes = own_dense(parts);
  mitigate(changes, weights_of(parts));
  for (std::size_t i = 0; i < parts.size(); ++i)
    parts[i].delta = llm::Dense{std::move(changes[i])};
  return parts;
}

}  // namespace edgefuse::server
