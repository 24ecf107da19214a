#pragma once

#include "app/run/assembly.hpp"

namespace edgefuse::app {

/// Throws InputError with what keeps every client from ever taking part: no variant fits any, none is ever there, none
/// can be back before a deadline. Looks at clients only until one can.
void require_feasible(const Assembly& assembly);

}  // namespace edgefuse::app
