#include <array>

#include "app/command.hpp"

namespace edgefuse::app {

std::span<const Command> commands() {
  static constexpr std::array<Command, 0> table = {};
  return table;
}

}  // namespace edgefuse::app
