#include "app/run/conditions_setup.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "app/run/at_key.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {
namespace {

constexpr Seconds hour{3600};

/// A model of availability reads the file that its "path" means.
Parameters with_path_located(Parameters settings, const std::filesystem::path& assets) {
  if (const auto path = settings.find("path"); path != settings.end())
    if (const auto* written = std::get_if<std::string>(&path->second))
      path->second = scenarios::locate(*written, assets).string();
  return settings;
}

std::unique_ptr<sim::Availability> make_availability(const scenarios::Scenario& scenario, std::size_t group,
                                                     const std::filesystem::path& assets) {
  const auto& own = scenario.fleet.groups[group];
  const bool has_own = own.availability.has_value();
  const std::string table = has_own ? fmt::format("fleet.group[{}]", group) : "fleet";
  return sim::availabilities().make(
      own.availability.value_or(scenario.fleet.availability),
      with_path_located(has_own ? own.availability_settings : scenario.fleet.availability_settings, assets),
      scenario.source.origin(table + ".availability"), scenario.source.origin(table + ".availability_settings"));
}

std::optional<clients::BatteryHabits> battery_habits(const scenarios::Battery& battery) {
  if (battery.power == scenarios::Power::mains) return std::nullopt;
  return clients::BatteryHabits{.least = battery.least,
                                .drain = battery.drain,
                                .charger = battery.charger,
                                .plug_in = battery.plugged_from * hour,
                                .unplug = battery.plugged_to * hour};
}

}  // namespace

clients::ConditionsSpec conditions_spec(const scenarios::Scenario& scenario, const std::filesystem::path& assets) {
  clients::ConditionsSpec spec{.seed = scenario.seed,
                               .mishaps = {.crash = scenario.failures.crash,
                                           .corrupt = scenario.failures.corrupt,
                                           .slow_down = scenario.failures.slow_down,
                                           .slow_down_factor = scenario.failures.slow_down_factor,
                                           .background_load = scenario.fleet.background_load},
                               .battery = battery_habits(scenario.battery)};
  Mistakes mistakes;
  for (std::size_t i = 0; i < scenario.fleet.groups.size(); ++i) {
    mistakes.attempt([&] { spec.availability.push_back(make_availability(scenario, i, assets)); });
    const auto& trace = scenario.fleet.groups[i].trace;
    spec.traces.emplace_back();
    if (!trace) continue;
    mistakes.attempt([&] {
      spec.traces.back() = at_key(scenario, fmt::format("fleet.group[{}].trace", i),
                                  [&] { return sim::RateTraces::read(scenarios::locate(*trace, assets)); });
    });
  }
  mistakes.finish();
  return spec;
}

}  // namespace edgefuse::app
