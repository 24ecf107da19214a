#include <algorithm>

#include <toml++/toml.h>

#include "scenarios/tree.hpp"

namespace edgefuse::scenarios {
namespace {

Table convert(const toml::table& table, const std::string& name);

Node convert(const toml::node& node, const std::string& name) {
  Node result{false, {name, static_cast<int>(node.source().begin.line)}, {}};
  if (const auto* flag = node.as_boolean()) {
    result.value = flag->get();
  } else if (const auto* integer = node.as_integer()) {
    result.value = std::int64_t{integer->get()};
  } else if (const auto* number = node.as_floating_point()) {
    result.value = number->get();
  } else if (const auto* text = node.as_string()) {
    result.value = text->get();
  } else if (const auto* array = node.as_array()) {
    List list;
    for (const auto& item : *array)
      list.items.push_back(convert(item, name));
    result.value = std::move(list);
  } else if (const auto* inner = node.as_table()) {
    result.value = convert(*inner, name);
  } else {
    result.value = Moment{};
  }
  return result;
}

Table convert(const toml::table& table, const std::string& name) {
  Table result;
  std::vector<std::pair<toml::source_position, Entry>> entries;
  for (const auto& [key, node] : table) {
    entries.emplace_back(key.source().begin, Entry{std::string{key.str()}, convert(node, name)});
    entries.back().second.node.origin.line = static_cast<int>(key.source().begin.line);
  }
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [position, entry] : entries)
    result.entries.push_back(std::move(entry));
  return result;
}

}  // namespace

Table read_toml(std::string_view text, const std::string& name) {
  try {
    return convert(toml::parse(text), name);
  } catch (const toml::parse_error& error) {
    throw InputError{Mistake{name, static_cast<int>(error.source().begin.line), "",
                             "not TOML: " + std::string{error.description()}, "mend this line first"}};
  }
}

}  // namespace edgefuse::scenarios
