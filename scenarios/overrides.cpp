#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "scenarios/tree.hpp"

namespace edgefuse::scenarios {
namespace {

/// One step of a key such as fusion.arm[1].rule: a name, and an index where there is one.
struct Step {
  std::string name;
  std::optional<std::size_t> index;
};

/// Empty when `key` is no such thing.
std::vector<Step> split(std::string_view key) {
  std::vector<Step> steps;
  while (true) {
    const auto dot = key.find('.');
    auto part = key.substr(0, dot);
    Step step;
    if (const auto bracket = part.find('['); bracket != std::string_view::npos) {
      const auto digits = part.substr(bracket + 1);
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
      if (error != std::errc{} || std::string_view{end, digits.data() + digits.size()} != "]") return {};
      step.index = index;
      part = part.substr(0, bracket);
    }
    if (part.empty()) return {};
    step.name = part;
    steps.push_back(std::move(step));
    if (dot == std::string_view::npos) return steps;
    key.remove_prefix(dot + 1);
  }
}

Node parse_value(const std::string& text) {
  Node node{text, {"--set", 0}, text};
  try {
    auto table = read_toml("value = " + text, "--set");
    if (table.entries.size() == 1) node.value = std::move(table.entries.front().node.value);
  } catch (const InputError&) {
    // Not TOML: text whose quotes the shell took away, such as 5 MB/s.
  }
  return node;
}

/// Everything below an override was written on the command line too.
void mark(Node& node) {
  node.origin = {"--set", 0};
  if (auto* list = std::get_if<List>(&node.value)) {
    for (auto& item : list->items)
      mark(item);
  } else if (auto* table = std::get_if<Table>(&node.value)) {
    for (auto& entry : table->entries)
      mark(entry.node);
  }
}

/// The node at `step` of `table`, made where it is missing; null when it is an item that is not there.
Node* descend(Table& table, const Step& step) {
  Node* node = table.find(step.name);
  if (step.index) {
    auto* list = node == nullptr ? nullptr : std::get_if<List>(&node->value);
    return list == nullptr || *step.index >= list->items.size() ? nullptr : &list->items[*step.index];
  }
  if (node == nullptr) {
    table.entries.push_back({step.name, {Table{}, {"--set", 0}, {}}});
    node = &table.entries.back().node;
  }
  return node;
}

}  // namespace

void apply_override(Table& root, const std::string& override, std::vector<Mistake>& mistakes) {
  const auto wrong = [&](std::string key, std::string problem, std::string remedy) {
    mistakes.push_back({"--set", 0, std::move(key), std::move(problem), std::move(remedy)});
  };
  const auto equals = override.find('=');
  if (equals == std::string::npos) {
    return wrong("", fmt::format("\"{}\" has no '='", override), "write key=value, such as training.epochs=2");
  }
  const auto key = override.substr(0, equals);
  const auto steps = split(key);
  if (steps.empty()) {
    return wrong("", fmt::format("\"{}\" is no key", key), "write it like training.epochs or fusion.arm[0].rule");
  }
  Table* table = &root;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Node* node = descend(*table, steps[i]);
    if (node == nullptr) {
      return wrong(key, fmt::format("there is no {}[{}]", steps[i].name, *steps[i].index),
                   "items count from 0, and --set changes those the file has");
    }
    if (i + 1 == steps.size()) {
      *node = parse_value(override.substr(equals + 1));
      mark(*node);
      return;
    }
    table = std::get_if<Table>(&node->value);
    if (table == nullptr) {
      return wrong(key, fmt::format("{} is {}, not a table", steps[i].name, type_name(*node)),
                   "see docs/formats/scenario.md for the keys there are");
    }
  }
}

}  // namespace edgefuse::scenarios
