#pragma once

#include <string_view>

namespace edgefuse::detail {
/// Prints the broken invariant to stderr and aborts.
[[noreturn]] void invariant_broken(std::string_view condition, std::string_view message, std::string_view file,
                                   int line);
}  // namespace edgefuse::detail

/// States an invariant of the program. It is checked in release builds too: a simulator that goes on with a broken
/// invariant prints wrong science. Users' mistakes are InputError, never this.
#define EDGEFUSE_EXPECTS(condition, message) \
  ((condition) ? static_cast<void>(0) : ::edgefuse::detail::invariant_broken(#condition, message, __FILE__, __LINE__))
