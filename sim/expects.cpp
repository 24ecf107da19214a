#include "sim/expects.hpp"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace edgefuse::detail {

void invariant_broken(std::string_view condition, std::string_view message, std::string_view file, int line) {
  fmt::print(stderr, "{}:{}: broken invariant: {} [{}]\n", file, line, message, condition);
  std::abort();
}

}  // namespace edgefuse::detail
