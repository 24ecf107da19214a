#pragma once

#include "server/conflict/conflict_resolver.hpp"
#include "server/fusion/module_source.hpp"

namespace edgefuse::server {

/// The same changes after `resolver`, which must outlive the result.
[[nodiscard]] ModuleSource resolved(ModuleSource source, const ConflictResolver& resolver);

}  // namespace edgefuse::server
