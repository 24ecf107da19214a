#include "server/conflict/resolved.hpp"

#include <utility>

namespace edgefuse::server {

ModuleSource resolved(ModuleSource source, const ConflictResolver& resolver) {
  auto result = source;
  result.parts = [parts = std::move(source.parts), seed = source.seed, &resolver](llm::ModuleId module) {
    return resolver.resolve(module, parts(module), seed);
  };
  return result;
}

}  // namespace edgefuse::server
