#include "scenarios/sections.hpp"

namespace edgefuse::scenarios {

Section fleet_section() {
  return section(
      "fleet", "All virtual clients.", &Scenario::fleet,
      std::vector<Key<Fleet>>{
          key("clients", &Fleet::clients, Whole{1, 100'000'000}, "How many clients there are.")
              .by_default("the sum of the groups' counts"),
          key("spread", &Fleet::spread, Number{0, 3},
              "How much clients of one class differ: sigma of the lognormal factor on a client's speed. 0 "
              "makes them alike."),
          key("memory_scale", &Fleet::memory_scale, Number{0, 1e6, open},
              "Factor on every class's memory budget. Below 1, a small base is as hard to fit as a large one "
              "is in life; the result tells the budgets used."),
          key("background_load", &Fleet::background_load, Number{0, 0.45},
              "Mean share of a device's speed that its other programs take. Each participation draws its own, evenly "
              "between none and twice the mean."),
          key("throttling", &Fleet::throttling, Flag{},
              "Whether devices whose class says so slow down after sustained work (docs/models/time.md)."),
          key("availability", &Fleet::availability, Name{"name of a model of availability"},
              "When clients are there to take part: `always`, `diurnal`, `markov` or `trace` "
              "(docs/models/availability.md). Who leaves in the middle is lost."),
          key("availability_settings", &Fleet::availability_settings, ParameterTable{},
              "The model's own parameters, such as `{ from = 22, to = 6 }`. A `path` is found as `data.paths` are."),
      });
}

Section groups_section() {
  return repeated<DeviceGroup>(
      "fleet.group",
      "Clients of one device class; one table for each group, at least one. All have a share, or all a count.",
      [](Scenario& s) -> std::vector<DeviceGroup>& { return s.fleet.groups; },
      {
          key("device", &DeviceGroup::device, Name{"name of a device class"},
              "A device class of the catalogue, clients/devices.toml.")
              .always(),
          key("share", &DeviceGroup::share, Number{0, 1, open}, "Share of the fleet; all shares add up to 1."),
          key("count", &DeviceGroup::count, Whole{1, 100'000'000}, "Number of clients."),
          key("memory", &DeviceGroup::memory, Size{},
              "What a client may use for training, instead of the class's own budget; `fleet.memory_scale` does not "
              "touch it."),
          key("uplink", &DeviceGroup::uplink, Rate{}, "Rate towards the server, instead of the class's own."),
          key("downlink", &DeviceGroup::downlink, Rate{}, "Rate from the server, instead of the class's own."),
          key("latency", &DeviceGroup::latency, Duration{}, "One-way latency, instead of the class's own."),
          key("loss", &DeviceGroup::loss, Number{0, 1, Number::End::closed, open},
              "Share of what is sent that is lost and sent again: the link's rates shrink by it."),
          key("radio", &DeviceGroup::radio, Name{"kind of link"},
              "What a byte costs in energy: `wifi`, `lte`, `3g` or `ethernet`.")
              .by_default("the class's own"),
          key("trace", &DeviceGroup::trace, Text{},
              "File or folder of throughput traces, \"seconds Mbit/s\" line by line, found as `data.paths` are. The "
              "downlink follows a trace, dealt at random with a random beginning; the uplink does in proportion.")
              .by_default("constant rates"),
          key("availability", &DeviceGroup::availability, Name{"name of a model of availability"},
              "When these clients are there.")
              .by_default("the fleet's"),
          key("availability_settings", &DeviceGroup::availability_settings, ParameterTable{},
              "Parameters of the group's own model."),
      });
}

Section network_section() {
  return section("network", "The server's own link.", &Scenario::network,
                 std::vector<Key<Network>>{
                     key("uplink", &Network::uplink, Rate{}, "Rate at which the server can take in updates."),
                     key("downlink", &Network::downlink, Rate{}, "Rate at which the server can send models out."),
                     key("latency", &Network::latency, Duration{}, "One-way latency, added to the client's own."),
                     key("message_overhead", &Network::message_overhead, Size{},
                         "Sent with every model and every update, over what is in them."),
                 });
}

Section cells_section() {
  return repeated<Cell>(
      "network.cell",
      "Clients that share an access network: a radio cell, a campus, a site. One table for each kind of cell; clients "
      "are "
      "dealt to cells at random. Without any, nothing but the server's link is shared.",
      [](Scenario& s) -> std::vector<Cell>& { return s.network.cells; },
      {
          key("number", &Cell::number, Whole{1, 60'000}, "How many cells of this kind there are, equal in size."),
          key("share", &Cell::share, Number{0, 1, open},
              "Share of the fleet that is in cells of this kind; all shares add up to 1."),
          key("uplink", &Cell::uplink, Rate{}, "What a cell's clients can send together.").always(),
          key("downlink", &Cell::downlink, Rate{}, "What a cell's clients can receive together.").always(),
          key("latency", &Cell::latency, Duration{}, "One way, added to the client's own and the server's."),
          key("backhaul", &Cell::backhaul, Rate{},
              "Between the cell's aggregator and the server, each way; under protocol \"hierarchical\" only.")
              .by_default("as fast as the server's link"),
      });
}

Section failures_section() {
  return section(
      "failures", "What befalls clients while they take part. All of it is drawn for each participation.",
      &Scenario::failures,
      std::vector<Key<Failures>>{
          key("crash", &Failures::crash, Number{0, 1}, "Share of participations that die while they train."),
          key("corrupt", &Failures::corrupt, Number{0, 1},
              "Share of updates that arrive damaged: their checksum tells, and they are refused."),
          key("slow_down", &Failures::slow_down, Number{0, 1}, "Share of participations that compute slower."),
          key("slow_down_factor", &Failures::slow_down_factor, Number{1, 1e6}, "How much slower."),
      });
}

Section battery_section() {
  return section(
      "battery", "How devices that have a battery are powered (docs/models/time.md).", &Scenario::battery,
      std::vector<Key<Battery>>{
          key("power", &Battery::power, Choice<Power>{{{"mains", "nightly"}}},
              "`mains`: the battery never matters. `nightly`: it is charged every night, and training drains it."),
          key("least", &Battery::least, Number{0, 1, Number::End::closed, open},
              "Charge below which a client does not start, unless it is plugged in."),
          key("plugged_from", &Battery::plugged_from, Number{0, 24}, "Hour of the day from which it is plugged in."),
          key("plugged_to", &Battery::plugged_to, Number{0, 24}, "Hour of the day until which it is."),
          key("charger", &Battery::charger, Wattage{}, "What the charger gives."),
          key("drain", &Battery::drain, Wattage{}, "What everything else on the device draws, on the average."),
      });
}

Section energy_section() {
  return section("energy", "What a kilowatt-hour of the clients stands for.", &Scenario::energy,
                 std::vector<Key<Energy>>{
                     key("carbon", &Energy::carbon, Number{0, 1e5}, "Grams of CO2 equivalent. 0: not told."),
                     key("price", &Energy::price, Number{0, 1e6}, "Money, in any currency. 0: not told."),
                 });
}

}  // namespace edgefuse::scenarios
