#pragma once

#include <string_view>

#include "llm/module_id.hpp"
#include "server/fusion/contribution.hpp"

namespace edgefuse::server {

/// Throws InputError with every part that is dense: `resolver` is defined on factors only.
void require_factors(std::string_view resolver, llm::ModuleId module, const ModuleParts& parts);

}  // namespace edgefuse::server
