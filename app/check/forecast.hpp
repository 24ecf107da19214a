#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/run/assembly.hpp"
#include "app/run/needs.hpp"
#include "sim/units.hpp"

namespace edgefuse::app {

/// Least, median and most of something over clients.
template <class Q>
struct Spread {
  Q least{};
  Q median{};
  Q most{};
};

/// What the clients of one group of the fleet would do.
struct GroupForecast {
  std::string device;
  std::int64_t clients = 0;
  Bytes memory{};
  std::map<std::pair<double, std::int64_t>, std::int64_t> trained;  // how many would, by ratio and rank
  std::int64_t sat_out = 0;
  std::map<std::string, Need> needs;  // of those, by the budget in their way: what the neediest would need
  std::int64_t in_time = 0;           // who would be back before the protocol's deadline; all where there is none
  Spread<Seconds> time{};             // from invitation to arrival, each alone on the server's link or with its share
  Spread<Seconds> compute{};          // of it
  Spread<Bytes> download{};
  Spread<Bytes> upload{};
  Spread<Joules> energy{};
  double there = 1;  // share of the first day that its clients are there and able to take part
};

/// What would run.
struct Forecast {
  std::vector<GroupForecast> groups;
  /// If every place of a round is taken by the average client: how long the server's link alone needs, and the slowest
  /// cell's backhaul where there are aggregators.
  Seconds server_down{};
  Seconds server_up{};
  bool aggregators = false;
  std::optional<Seconds> deadline{};
};

[[nodiscard]] Forecast forecast(const Assembly& assembly);

[[nodiscard]] std::string to_table(const Forecast& forecast, const scenarios::Scenario& scenario);
/// One JSON object (docs/formats/check.md).
[[nodiscard]] std::string to_json(const Forecast& forecast, const scenarios::Scenario& scenario);

}  // namespace edgefuse::app
