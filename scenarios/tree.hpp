#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scenarios/source.hpp"

namespace edgefuse::scenarios {

struct Node;
struct Entry;

struct List {
  std::vector<Node> items;
};
struct Table {
  std::vector<Entry> entries;  // in the order written

  /// Null when there is no such key.
  [[nodiscard]] Node* find(std::string_view key);
};
/// A date or a time of day: TOML has them, scenarios have no use for them.
struct Moment {};

/// One value of a TOML document, and where it stands.
struct Node {
  std::variant<bool, std::int64_t, double, std::string, Moment, List, Table> value;
  Origin origin;
  std::string raw;  // of an override, its text as typed
};

struct Entry {
  std::string key;
  Node node;
};

/// "a list", "text", ... as messages name the type of what was written.
[[nodiscard]] std::string_view type_name(const Node& node);

/// Throws InputError where `text` is no TOML; `name` stands for the file.
[[nodiscard]] Table read_toml(std::string_view text, const std::string& name);

/// Writes "key=value" into `root`. The value is TOML, or text when it is none. What is wrong with it is added to
/// `mistakes`.
void apply_override(Table& root, const std::string& override, std::vector<Mistake>& mistakes);

}  // namespace edgefuse::scenarios
