#include "clients/device_catalogue.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "clients/devices_toml.hpp"
#include "sim/error.hpp"
#include "sim/quantity_text.hpp"
#include "sim/radio.hpp"
#include "sim/registry.hpp"

namespace edgefuse::clients {
namespace {

constexpr auto labels = std::to_array<std::string_view>({"name", "kind", "precision"});
constexpr auto figures =
    std::to_array<std::string_view>({"peak", "utilisation", "memory_bandwidth", "ram", "usable_ram", "busy", "idle",
                                     "radio", "uplink", "downlink", "latency"});
// What not every device has; the last two come together.
constexpr auto optional_figures = std::to_array<std::string_view>({"battery", "throttle_after", "throttled_speed"});

int line_of(const toml::node& node) {
  return static_cast<int>(node.source().begin.line);
}

/// Reads one `[[device]]`, noting mistakes instead of stopping at them.
class DeviceReader {
 public:
  DeviceReader(const toml::table& table, std::string key, const std::string& file, std::vector<Mistake>& mistakes)
      : table_{table}, key_{std::move(key)}, file_{file}, mistakes_{mistakes} {}

  sim::DeviceProfile read() {
    sim::DeviceProfile device;
    device.name = text("name");
    device.kind = text("kind");
    device.precision = text("precision");
    quantity("peak", sim::parse_flops_rate, device.peak);
    device.utilisation = share("utilisation");
    quantity("memory_bandwidth", sim::parse_rate, device.memory_bandwidth);
    quantity("ram", sim::parse_bytes, device.ram);
    device.usable_ram = share("usable_ram");
    quantity("busy", sim::parse_watts, device.busy);
    quantity("idle", sim::parse_watts, device.idle);
    device.radio = radio();
    device.battery = battery();
    device.throttling = throttling();
    quantity("uplink", sim::parse_rate, device.link.up);
    quantity("downlink", sim::parse_rate, device.link.down);
    quantity("latency", sim::parse_seconds, device.link.latency);
    check_keys(table_, key_, [](std::string_view k) { return k == "source" || is(labels, k) || is_figure(k); });
    check_sources();
    return device;
  }

 private:
  template <std::size_t N>
  static bool is(const std::array<std::string_view, N>& names, std::string_view key) {
    return std::ranges::find(names, key) != names.end();
  }

  static bool is_figure(std::string_view key) { return is(figures, key) || is(optional_figures, key); }

  void complain(int line, std::string_view name, std::string problem, std::string remedy) {
    mistakes_.push_back({file_, line, fmt::format("{}.{}", key_, name), std::move(problem), std::move(remedy)});
  }

  const toml::node* require(std::string_view name, std::string_view example) {
    const auto* node = table_.get(name);
    if (node == nullptr) complain(line_of(table_), name, "is missing", fmt::format("add {} = {}", name, example));
    return node;
  }

  std::string text(std::string_view name) {
    const auto* node = require(name, "\"...\"");
    if (node == nullptr) return {};
    const auto value = node->value_exact<std::string>();
    if (!value || value->empty()) complain(line_of(*node), name, "is not a name", "use text in quotes");
    return value.value_or("");
  }

  double share(std::string_view name) {
    const auto* node = require(name, "0.5");
    if (node == nullptr) return 1;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    if (value && *value > 0 && *value <= 1) return *value;
    complain(line_of(*node), name, "is not a share", "use a number above 0, at most 1");
    return 1;
  }

  template <class Q>
  void quantity(std::string_view name, sim::Parsed<Q> (*parse)(std::string_view), Q& target) {
    const auto* node = require(name, "a number with its unit, in quotes");
    if (node == nullptr) return;
    const auto written = node->value_exact<std::string>();
    const auto parsed = parse(written ? *written : fmt::format("{}", node->value<double>().value_or(0)));
    if (written && parsed) {
      target = *parsed.value;
    } else {
      complain(line_of(*node), name, written ? parsed.problem : "is not a quantity in quotes", parsed.remedy);
    }
  }

  sim::Radio radio() {
    const auto name = text("radio");
    if (const auto* found = sim::find_radio(name)) return *found;
    std::vector<std::string_view> known;
    for (const auto& kind : sim::radios())
      known.push_back(kind.name);
    const auto near = nearest(name, known);
    if (!name.empty()) {
      complain(line_of(*table_.get("radio")), "radio", fmt::format("unknown kind \"{}\"", name),
               near.empty() ? fmt::format("use one of {}", fmt::join(known, ", "))
                            : fmt::format("did you mean \"{}\"?", near));
    }
    return {};
  }

  std::optional<Joules> battery() {
    const auto* node = table_.get("battery");
    if (node == nullptr) return std::nullopt;
    auto full = std::optional{Joules{1}};
    quantity("battery", sim::parse_joules, *full);
    if (*full == Joules{}) complain(line_of(*node), "battery", "is zero", "leave it out for what hangs on the mains");
    return full;
  }

  std::optional<sim::Throttling> throttling() {
    if (!table_.contains("throttle_after") && !table_.contains("throttled_speed")) return std::nullopt;
    auto made = std::optional{sim::Throttling{}};
    quantity("throttle_after", sim::parse_seconds, made->after);
    made->speed = share("throttled_speed");
    return made;
  }

  template <class Known>
  void check_keys(const toml::table& table, const std::string& where, Known known) {
    for (const auto& [name, node] : table) {
      if (known(name.str())) continue;
      auto candidates = std::vector(figures.begin(), figures.end());
      candidates.insert(candidates.end(), optional_figures.begin(), optional_figures.end());
      candidates.insert(candidates.end(), labels.begin(), labels.end());
      const auto near = nearest(name.str(), candidates);
      mistakes_.push_back({file_, line_of(node), fmt::format("{}.{}", where, name.str()), "unknown key",
                           near.empty() ? "remove it" : fmt::format("did you mean {}?", near)});
    }
  }

  void check_sources() {
    const auto* sources = table_["source"].as_table();
    if (sources == nullptr) return complain(line_of(table_), "source", "is missing", "add [device.source]");
    check_keys(*sources, key_ + ".source", is_figure);
    for (const auto figure : figures)
      check_source(*sources, figure);
    for (const auto figure : optional_figures) {
      if (table_.contains(figure)) {
        check_source(*sources, figure);
      } else if (const auto* source = sources->get(figure)) {
        complain(line_of(*source), fmt::format("source.{}", figure), "is the source of nothing",
                 fmt::format("add {} to the device, or remove it", figure));
      }
    }
  }

  void check_source(const toml::table& sources, std::string_view figure) {
    const auto* source = sources.get_as<std::string>(figure);
    if (source != nullptr && !source->get().empty()) return;
    complain(line_of(sources), fmt::format("source.{}", figure), "is missing",
             "say where the figure is published, or \"assumption: ...\"");
  }

  const toml::table& table_;
  std::string key_;
  const std::string& file_;
  std::vector<Mistake>& mistakes_;
};

toml::table parse_toml(std::string_view text, const std::string& file) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw InputError{Mistake{.file = file,
                             .line = static_cast<int>(error.source().begin.line),
                             .problem = fmt::format("is no TOML: {}", error.description())}};
  }
}

}  // namespace

const sim::DeviceProfile& DeviceCatalogue::find(std::string_view name, const Origin& origin) const {
  const auto found = std::ranges::find(devices_, name, &sim::DeviceProfile::name);
  if (found != devices_.end()) return *found;
  std::vector<std::string> known;
  for (const auto& device : devices_)
    known.push_back(device.name);
  refuse_unknown("device class", name, known, origin);
}

DeviceCatalogue parse_device_catalogue(std::string_view toml, const std::string& file) {
  const auto root = parse_toml(toml, file);
  std::vector<Mistake> mistakes;
  std::vector<sim::DeviceProfile> devices;
  for (const auto& [name, node] : root) {
    if (name.str() != "device") {
      mistakes.push_back({file, line_of(node), std::string{name.str()}, "unknown key", "use [[device]] tables"});
    }
  }
  const auto* tables = root["device"].as_array();
  if (tables == nullptr || tables->empty() || !tables->is_homogeneous<toml::table>()) {
    mistakes.push_back({file, 0, "device", "there is no device", "add a [[device]] table"});
    throw InputError{std::move(mistakes)};
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < tables->size(); ++i) {
    const auto& table = *tables->get(i)->as_table();
    const auto key = fmt::format("device[{}]", i);
    devices.push_back(DeviceReader{table, key, file, mistakes}.read());
    if (!names.insert(devices.back().name).second) {
      mistakes.push_back({file, line_of(table), key + ".name",
                          fmt::format("there are two devices \"{}\"", devices.back().name), "rename one"});
    }
  }
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
  return DeviceCatalogue{std::move(devices)};
}

DeviceCatalogue built_in_devices() {
  return parse_device_catalogue(devices_toml(), "clients/devices.toml");
}

}  // namespace edgefuse::clients
