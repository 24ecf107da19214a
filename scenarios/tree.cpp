#include "scenarios/tree.hpp"

#include <algorithm>
#include <array>

namespace edgefuse::scenarios {

Node* Table::find(std::string_view key) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &found->node;
}

std::string_view type_name(const Node& node) {
  static constexpr std::array<std::string_view, 7> names = {"true or false",  "a whole number", "a number", "text",
                                                            "a date or time", "a list",         "a table"};
  return names[node.value.index()];
}

}  // namespace edgefuse::scenarios
