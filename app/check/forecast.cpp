#include "app/check/forecast.hpp"

#include <algorithm>

namespace edgefuse::app {
namespace {

constexpr std::uint32_t most_asked = 500;  // clients of a group whose day is looked at
constexpr int times_of_day = 48;
constexpr Seconds day{86'400};

template <class Q>
Spread<Q> spread(std::vector<Q> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  return {values.front(), values[values.size() / 2], values.back()};
}

/// What each client of a group plans.
struct Plans {
  std::vector<Seconds> time;
  std::vector<Seconds> compute;
  std::vector<Bytes> download;
  std::vector<Bytes> upload;
  std::vector<Joules> energy;

  void add(const llm::Plan& plan) {
    time.push_back(plan.predicted);
    compute.push_back(plan.compute);
    download.push_back(plan.download);
    upload.push_back(plan.upload);
    energy.push_back(plan.energy);
  }
};

std::optional<Seconds> deadline_of(const scenarios::Protocol& protocol) {
  if (protocol.kind != "deadline") return std::nullopt;
  const auto found = protocol.settings.find("window");
  return Seconds{found == protocol.settings.end() ? 600.0 : std::get<double>(found->second)};
}

double share_there(const Assembly& assembly, const std::vector<std::uint32_t>& members) {
  const auto asked = std::min<std::size_t>(members.size(), most_asked);
  std::int64_t there = 0;
  for (std::size_t i = 0; i < asked; ++i) {
    for (int t = 0; t < times_of_day; ++t) {
      const auto at = after(SimTime{}, (t + 0.5) / times_of_day * day);
      there += assembly.conditions.presence(assembly.fleet, members[i * members.size() / asked], at).there;
    }
  }
  return asked == 0 ? 0 : static_cast<double>(there) / static_cast<double>(asked * times_of_day);
}

GroupForecast of_group(const Assembly& assembly, const std::vector<std::uint32_t>& members,
                       const std::optional<Seconds>& deadline, Plans& plans) {
  GroupForecast made;
  for (const auto client : members) {
    const auto plan = assembly.plan(client);
    if (!plan) {
      ++made.sat_out;
      const auto need = need_of(assembly, client);
      auto& neediest = made.needs.try_emplace(need.budget, need).first->second;
      neediest.least = std::max(neediest.least, need.least);
      continue;
    }
    plans.add(*plan);
    ++made.trained[{plan->ratio, plan->rank}];
    made.in_time += !deadline || plan->predicted <= *deadline;
  }
  made.time = spread(plans.time);
  made.compute = spread(plans.compute);
  made.download = spread(plans.download);
  made.upload = spread(plans.upload);
  made.energy = spread(plans.energy);
  made.there = share_there(assembly, members);
  return made;
}

Bytes sum(const std::vector<Bytes>& sizes) {
  Bytes total{};
  for (const auto size : sizes)
    total += size;
  return total;
}

}  // namespace

Forecast forecast(const Assembly& assembly) {
  const auto& scenario = assembly.scenario;
  const auto& groups = assembly.fleet.groups();
  std::vector<std::vector<std::uint32_t>> members(groups.size());
  for (std::uint32_t client = 0; client < assembly.fleet.size(); ++client)
    members[assembly.fleet.row(client).group].push_back(client);

  Forecast made{.groups = {}, .deadline = deadline_of(scenario.protocol)};
  Bytes down{};
  Bytes up{};
  double planned = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    Plans plans;
    made.groups.push_back(of_group(assembly, members[g], made.deadline, plans));
    auto& group = made.groups.back();
    group.device = groups[g].device.name;
    group.clients = groups[g].clients;
    group.memory = groups[g].memory;
    down += sum(plans.download);
    up += sum(plans.upload);
    planned += static_cast<double>(plans.time.size());
  }
  const double round = static_cast<double>(scenario.protocol.clients_per_round) / planned;
  made.server_down = round * down / scenario.network.downlink;
  made.server_up = round * up / scenario.network.uplink;
  return made;
}

}  // namespace edgefuse::app
