#include "clients/conditions.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/expects.hpp"
#include "sim/random.hpp"

namespace edgefuse::clients {
namespace {

constexpr sim::Charge untouched{Joules{-1}, SimTime{}};
constexpr double day = 86'400;

/// When it is plugged in next, if ever.
SimTime next_plug_in(const sim::BatteryUse& use, SimTime now) {
  if (use.plug_in == use.unplug) return SimTime::never();
  const double time_of_day = std::fmod(now.since_start().value + use.clock.value, day);
  double wait = use.plug_in.value - time_of_day;
  if (wait <= 0) wait += day;
  return after(now, Seconds{wait});
}

/// The downlink is what the trace says, less what the group loses; the uplink keeps its proportion to it. Nothing here
/// is the client's own, so that clients at one rate of the trace are one class of the shared link.
sim::Link traced(const ClientGroup& group, BytesPerSecond rate) {
  const auto& link = group.device.link;
  const auto down = (1 - group.loss) * rate;
  return {.up = link.up / link.down * down, .down = down, .latency = link.latency};
}

}  // namespace

Conditions::Conditions(const Fleet& fleet, ConditionsSpec spec) : spec_{std::move(spec)} {
  EDGEFUSE_EXPECTS(spec_.availability.size() == fleet.groups().size() && spec_.traces.size() == fleet.groups().size(),
                   "every group of the fleet has its conditions");
  const auto throttles = [](const ClientGroup& group) { return group.device.throttling.has_value(); };
  const auto has_battery = [](const ClientGroup& group) { return group.device.battery.has_value(); };
  if (std::ranges::any_of(fleet.groups(), throttles)) warmth_.resize(fleet.size());
  if (spec_.battery && std::ranges::any_of(fleet.groups(), has_battery)) charge_.resize(fleet.size(), untouched);
}

sim::Presence Conditions::presence(const Fleet& fleet, std::uint32_t client, SimTime at) const {
  const auto there = spec_.availability[fleet.row(client).group]->presence(spec_.seed, client, at);
  const auto use = battery(fleet, client);
  if (!there.there || !use || sim::plugged(*use, at)) return there;
  const auto left = charge(client, *use, at).left;
  if (left > Joules{} && left >= spec_.battery->least * use->capacity) return there;  // a flat device is off
  return {.there = false, .until = next_plug_in(*use, at)};
}

PathSpan Conditions::path(const Fleet& fleet, std::uint32_t client, SimTime at) const {
  const auto group = fleet.row(client).group;
  const auto& traces = spec_.traces[group];
  if (!traces) return {.link = fleet.link(client)};
  const auto [rate, until] = traces->rate(spec_.seed, client, at);
  return {.link = traced(fleet.groups()[group], rate), .until = until};
}

sim::Link Conditions::expected_link(const Fleet& fleet, std::uint32_t client) const {
  const auto group = fleet.row(client).group;
  const auto& traces = spec_.traces[group];
  return traces ? traced(fleet.groups()[group], traces->mean(spec_.seed, client)) : fleet.link(client);
}

Course Conditions::course(const Fleet& fleet, std::uint32_t client, std::int64_t invitation, Seconds work,
                          SimTime at) const {
  const auto mishaps = draw_mishaps(spec_.mishaps, spec_.seed, client, static_cast<std::uint32_t>(invitation));
  const auto& device = fleet.device(client);
  const Seconds slowed = mishaps.slowness * work;
  Course course{.compute = slowed, .corrupt = mishaps.corrupt};
  if (device.throttling)
    course.compute = sim::computing_time(*device.throttling, sim::cooled(warmth_[client], at), slowed);
  if (mishaps.crash_at) course.stops = *mishaps.crash_at * course.compute;
  if (const auto use = battery(fleet, client)) {
    const auto end = after(at, course.stops.value_or(course.compute));
    const auto flat = sim::runs_flat(*use, charge(client, *use, at), device.busy, end);
    if (flat < end) {
      course.stops = flat.since(at);
      course.stop = Course::Stop::flat;
    }
  }
  return course;
}

void Conditions::computed(const Fleet& fleet, std::uint32_t client, Seconds elapsed, SimTime now) {
  const auto& device = fleet.device(client);
  const SimTime began{now.nanoseconds - std::llround(elapsed.value * 1e9)};
  if (device.throttling) {
    const auto before = sim::cooled(warmth_[client], began);
    warmth_[client] = {.worked = sim::warmed(*device.throttling, before, elapsed), .at = now};
  }
  if (const auto use = battery(fleet, client))
    charge_[client] = sim::charge_drawing(*use, charge(client, *use, began), device.busy, now);
}

void Conditions::transferred(const Fleet& fleet, std::uint32_t client, Joules energy, SimTime now) {
  const auto use = battery(fleet, client);
  if (!use) return;
  auto left = charge(client, *use, now);
  if (!sim::plugged(*use, now)) left.left = std::max(Joules{}, left.left - energy);
  charge_[client] = left;
}

std::optional<sim::BatteryUse> Conditions::battery(const Fleet& fleet, std::uint32_t client) const {
  if (charge_.empty()) return std::nullopt;
  const auto& capacity = fleet.device(client).battery;
  if (!capacity) return std::nullopt;
  const auto& habits = *spec_.battery;
  return sim::BatteryUse{.capacity = *capacity,
                         .drain = habits.drain,
                         .charger = habits.charger,
                         .plug_in = habits.plug_in,
                         .unplug = habits.unplug};
}

/// At the start of the run it is anything between the least and full.
sim::Charge Conditions::charge(std::uint32_t client, const sim::BatteryUse& use, SimTime at) const {
  auto known = charge_[client];
  if (known.left < Joules{}) {
    sim::Draws draws{{.seed = spec_.seed, .domain = sim::Domain::charge, .client = client}};
    const double least = spec_.battery->least;
    known = {.left = (least + (1 - least) * draws.uniform()) * use.capacity, .at = SimTime{}};
  }
  return sim::charge_at(use, known, at);
}

}  // namespace edgefuse::clients
