#include "scenarios/reader.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace edgefuse::scenarios {
namespace {

class Reader {
 public:
  Reader(const std::vector<Section>& schema, Scenario& scenario, std::vector<Mistake>& mistakes)
      : schema_{schema}, scenario_{scenario}, mistakes_{mistakes} {}

  /// Reads `table`, which stands at `section` and is called `path` in messages (the two differ by item numbers).
  void read(const Table& table, const std::string& section, const std::string& path,
            const std::vector<Key<Scenario>>& keys) {
    for (const auto& [name, node] : table.entries) {
      const auto full = full_key(path, name);
      scenario_.source.keys[full] = node.origin;
      const auto known = std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.name == name; });
      if (known != keys.end()) {
        read_value(*known, full, node);
      } else if (const auto* inner = find_section(full_key(section, name)); inner != nullptr) {
        read_section(*inner, full, node);
      } else if (has_sections_below(full_key(section, name))) {
        read_section({full_key(section, name), {}, {}}, full, node);
      } else {
        complain(full, "unknown key", suggestion(section, name));
      }
    }
    for (const auto& key : keys) {
      const auto full = full_key(path, key.name);
      if (key.required && !scenario_.source.keys.contains(full))
        complain(full, "is missing", fmt::format("add a line {} = \"...\"", key.name));
    }
  }

 private:
  void complain(std::string key, std::string problem, std::string remedy) {
    mistakes_.push_back(scenario_.source.mistake(std::move(key), std::move(problem), std::move(remedy)));
  }

  void read_value(const Key<Scenario>& key, const std::string& full, const Node& node) {
    if (auto complaint = key.read(scenario_, node)) {
      complain(full, std::move(complaint->problem), std::move(complaint->remedy));
    }
    if (const auto* table = std::get_if<Table>(&node.value)) {
      for (const auto& entry : table->entries)
        scenario_.source.keys[full_key(full, entry.key)] = entry.node.origin;
    }
  }

  void read_section(const Section& section, const std::string& path, const Node& node) {
    if (section.repeats) return read_items(section, path, node);
    if (const auto* table = std::get_if<Table>(&node.value)) return read(*table, section.path, path, section.keys);
    complain(path, fmt::format("is {}, not a table", type_name(node)), fmt::format("write [{}] above its keys", path));
  }

  void read_items(const Section& section, const std::string& path, const Node& node) {
    const auto* list = std::get_if<List>(&node.value);
    const auto is_table = [](const Node& item) { return std::holds_alternative<Table>(item.value); };
    if (list == nullptr || !std::all_of(list->items.begin(), list->items.end(), is_table)) {
      return complain(path, "is not a list of tables", fmt::format("write [[{}]] above each item", path));
    }
    section.repeats->resize(scenario_, list->items.size());
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      const auto item = item_path(path, i);
      scenario_.source.keys[item] = list->items[i].origin;
      read(std::get<Table>(list->items[i].value), section.path, item, section.repeats->keys_of_item(i));
    }
  }

  const Section* find_section(const std::string& path) const {
    const auto found = std::find_if(schema_.begin(), schema_.end(), [&](const auto& s) { return s.path == path; });
    return found == schema_.end() ? nullptr : &*found;
  }

  bool has_sections_below(const std::string& path) const {
    return std::any_of(schema_.begin(), schema_.end(), [&](const auto& s) { return s.path.starts_with(path + "."); });
  }

  /// A table that does have a key of just this name; else the nearest name in the same table.
  std::string suggestion(const std::string& section, const std::string& name) const {
    std::vector<std::string> here;
    const auto prefix = section.empty() ? "" : section + ".";
    for (const auto& other : schema_) {
      if (other.path == section) {
        for (const auto& key : other.keys)
          here.push_back(key.name);
      } else if (other.path.starts_with(prefix)) {
        here.push_back(other.path.substr(prefix.size(), other.path.find('.', prefix.size()) - prefix.size()));
      }
      const auto is_it = [&](const auto& key) { return key.name == name; };
      if (other.path != section && std::any_of(other.keys.begin(), other.keys.end(), is_it)) {
        return fmt::format("did you mean {}?", full_key(other.path, name));
      }
    }
    const auto near = nearest(name, std::vector<std::string_view>{here.begin(), here.end()});
    if (!near.empty()) return fmt::format("did you mean {}?", full_key(section, std::string{near}));
    for (const auto& known : here) {
      if (known.starts_with(name)) return fmt::format("did you mean {}?", full_key(section, known));
    }
    return "docs/formats/scenario.md lists all keys";
  }

  const std::vector<Section>& schema_;
  Scenario& scenario_;
  std::vector<Mistake>& mistakes_;
};

}  // namespace

void read_tree(const Table& root, const std::vector<Section>& schema, Scenario& scenario,
               std::vector<Mistake>& mistakes) {
  Reader{schema, scenario, mistakes}.read(root, "", "", schema.front().keys);
}

}  // namespace edgefuse::scenarios
